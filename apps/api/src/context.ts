import type { IncomingHttpHeaders } from "node:http";
import type { Registry } from "@bulk/actions/registry";
import type { RequestErrorKind } from "@bulk/domain/error-codes";
import type { TurnNudger } from "@bulk/queue/turn-nudger";
import type { Logger } from "@bulk/service/logger";
import type { Caller } from "@bulk/store/api-tokens";
import type { BulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import type { Database } from "@bulk/store/database";
import type { z } from "zod";
import type { AnswerHeader } from "./answer-headers.ts";
import type { ApiMetrics } from "./api-metrics.ts";
import type { ApiTimeouts } from "./api-server.ts";
import type { ApiConfig } from "./config.ts";
import type { Parameter } from "./parameters.ts";

/** What every endpoint may use; made once. */
export type ApiContext = {
  readonly database: Database;
  readonly nudger: TurnNudger;
  readonly watcher: BulkActionWatcher;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly metrics: ApiMetrics;
  readonly timeouts: Pick<ApiTimeouts, "takeMs">;
  readonly config: Pick<
    ApiConfig,
    | "MAX_RECORD_IDS"
    | "TRUSTED_PROXIES"
    | "MAX_OPEN_ACTIONS"
    | "CHUNK_SIZE"
    | "WINDOW"
    | "RETENTION_DAYS"
    | "WEBHOOK_SECRET_KEY"
    | "WEBHOOK_ALLOW_LOOPBACK"
  >;
};

/** What an endpoint knows of the request it answers. */
export type ApiRequest = {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly Parameter[];
  /** Parsed JSON or form; `undefined` without a body. */
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the caller has gone, or has the whole answer. */
  readonly ended: AbortSignal;
  readonly logger: Logger;
  /**
   * Waits until the account may hold so many bytes for this answer. Throws `limited` or `unavailable` when that takes
   * too long. To be called before the bytes are there, and before anything is changed.
   */
  reserve(bytes: number): Promise<void>;
};

/** What every answer may carry beside its body. */
type AnswerHead = {
  readonly headers?: Readonly<Record<string, string>>;
  /** The bulk action it is about, for the log. */
  readonly bulkActionId?: string;
};

/** What an endpoint answers: the body of a 200, whole or piece by piece, a 204 or a 304. */
export type ApiAnswer = AnswerHead &
  (
    | { readonly kind: "json"; readonly body: unknown }
    | { readonly kind: "no_content" }
    /** The caller's copy is the current one. */
    | { readonly kind: "not_modified" }
    | { readonly kind: "stream"; readonly contentType: string; readonly pieces: AsyncIterable<string> }
  );

/** A body's schema for each content type it may have. */
export type SchemaByType = Readonly<Record<string, z.ZodType>>;

/**
 * What the reference says of an endpoint; its schemas are the ones that validate. Those of bodies and answers
 * carry an example in their metadata (`examples`), which a test sends, or expects.
 */
export type Operation = {
  /** The name generated clients give it, `camelCase`. */
  readonly id: string;
  /** A few words. */
  readonly summary: string;
  /** What a caller may rely on; CommonMark. */
  readonly description: string;
  /** One property a parameter; an array is spelled `name[]`. */
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  /** By content type where it is not JSON alone. */
  readonly body?: z.ZodType | SchemaByType;
  /** Its body may have `MAX_RECORD_IDS` ids, and so megabytes; that of any other endpoint 64 kB. */
  readonly takesRecordIds?: true;
  /** The body of a 200, by content type where it is not JSON alone. */
  readonly answer: z.ZodType | SchemaByType;
  /** Headers that an answer may have beside `Request-Id`; with an `ETag` it may be a 304. */
  readonly answerHeaders?: readonly AnswerHeader[];
  /** Kinds of refusal beside those that any request, or any that may have a body, may meet. */
  readonly refusals: readonly RequestErrorKind[];
  /**
   * What the endpoint changes, where it is not one transaction: `nothing`, or something `in_steps`, so that a
   * failure may come after a part of it. Endpoints for GET change nothing.
   */
  readonly changes?: "nothing" | "in_steps";
};

/** One call of the public API. */
export type Endpoint = {
  readonly operation: Operation;
  answer(request: ApiRequest): Promise<ApiAnswer>;
};
