/** Why a request is refused; only the API's `error-body.ts` knows the status code of each. */
export type RequestErrorKind =
  | "malformed"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unsupported"
  | "invalid"
  | "limited"
  | "unavailable";

/** One fault of one attribute, as the caller sees it. */
export type ValidationError = {
  readonly attribute: string;
  readonly type: string;
  readonly code: string;
  readonly options: Readonly<Record<string, string | number | readonly string[]>>;
  readonly message: string;
};

/** A refusal the caller can understand: a stable `code` and a message that says what to do. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly kind: RequestErrorKind;
  readonly code: string;
  readonly validationErrors: readonly ValidationError[];
  /** When the same request may succeed. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: RequestErrorKind,
    code: string,
    message: string,
    validationErrors: readonly ValidationError[] = [],
    retryAfterSeconds?: number,
  ) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.validationErrors = validationErrors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
