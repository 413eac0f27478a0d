import type { AdminErrors, API_ERRORS, ErrorCode, RequestErrorKind } from "./error-codes.ts";

/** One fault of one attribute, as the caller sees it. */
export type ValidationError = {
  readonly attribute: string;
  readonly type: string;
  readonly code: string;
  readonly options: Readonly<Record<string, string | number | readonly string[]>>;
  readonly message: string;
};

type KindByCode = AdminErrors & { readonly [Code in ErrorCode]: (typeof API_ERRORS)[Code]["kind"] };

type CodesOf<Kind> = {
  [Code in keyof KindByCode]: KindByCode[Code] extends Kind ? Code : never;
}[keyof KindByCode];

/** A kind, and a code that `error-codes.ts` gives this kind. */
type Reason = {
  [Kind in RequestErrorKind]: readonly [kind: Kind, code: CodesOf<Kind>];
}[RequestErrorKind];

/** A refusal the caller can understand: a `code` of `error-codes.ts`, and a message that says what to do. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly kind: RequestErrorKind;
  readonly code: Reason[1];
  readonly validationErrors: readonly ValidationError[];
  /** When the same request may succeed. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    ...[kind, code, message, validationErrors = [], retryAfterSeconds]: [
      ...reason: Reason,
      message: string,
      validationErrors?: readonly ValidationError[],
      retryAfterSeconds?: number,
    ]
  ) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.validationErrors = validationErrors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
