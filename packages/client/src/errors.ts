import type { ApiError as ErrorBody } from "./generated/types.gen.ts";

/** Every `code` of an error of the API. A newer server may send others, so give a `switch` a default. */
export type ErrorCode = ErrorBody["code"];

/** A fault of one attribute of a body or query. */
export type ValidationError = ErrorBody["validation_errors"][number];

/** What is known of a refused request. */
type Refusal = {
  readonly status: number;
  readonly body: ErrorBody;
  readonly retryAfterSeconds: number | undefined;
};

/** The API refused the request. Branch on `code`. */
export class BulkActionsError extends Error {
  override readonly name = "BulkActionsError";
  readonly code: ErrorCode;
  /** The HTTP status. */
  readonly status: number;
  /** The faults of the body or the query; empty unless the status is 422. */
  readonly validationErrors: readonly ValidationError[];
  /** Identifies the request in the logs of the service. */
  readonly requestId: string;
  /** The `Retry-After` of the response. */
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, body, retryAfterSeconds }: Refusal) {
    super(body.message);
    this.code = body.code;
    this.status = status;
    this.validationErrors = body.validation_errors;
    this.requestId = body.request_id;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** There was no answer, or it was none of this API: no connection, a time-out, a page of a proxy. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { cause, status, retryAfterSeconds }: ConnectionFault = {}) {
    super(message, { cause });
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

type ConnectionFault = {
  readonly cause?: unknown;
  readonly status?: number | undefined;
  readonly retryAfterSeconds?: number | undefined;
};

/** The bulk action had not ended when the time to wait was over. It goes on. */
export class WaitTimeoutError extends Error {
  override readonly name = "WaitTimeoutError";
  readonly bulkActionId: string;

  constructor(bulkActionId: string, timeoutMs: number) {
    super(`The bulk action ${bulkActionId} has not ended within ${timeoutMs} ms. It goes on.`);
    this.bulkActionId = bulkActionId;
  }
}

/** A webhook request is not from the service, or is too old. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
}
