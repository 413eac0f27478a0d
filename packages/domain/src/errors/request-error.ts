import type { AdminErrors, API_ERRORS, ErrorCode, RequestErrorKind } from "./error-codes.ts";

/** A fault of an attribute, as in the response. */
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

/** A kind of error and a code of this kind. */
type Reason = {
  [Kind in RequestErrorKind]: readonly [kind: Kind, code: CodesOf<Kind>];
}[RequestErrorKind];

/** An error for the caller: a `code` of `error-codes.ts`, and a message that says what to do. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly kind: RequestErrorKind;
  readonly code: Reason[1];
  readonly validationErrors: readonly ValidationError[];
  /** The `Retry-After` of the response. */
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
