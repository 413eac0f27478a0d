import type { IncomingHttpHeaders } from "node:http";
import type { Registry } from "@bulk/actions/registry";
import type { RequestErrorKind } from "@bulk/domain/errors/error-codes";
import type { TurnNudger } from "@bulk/queue/turns/turn-nudger";
import type { Logger } from "@bulk/service/process/logger";
import type { Caller } from "@bulk/store/accounts/api-tokens";
import type { Database } from "@bulk/store/database";
import type { BulkActionWatcher } from "@bulk/store/watching/bulk-action-watcher";
import type { z } from "zod";
import type { ApiConfig } from "./config.ts";
import type { OneAtATime } from "./http/bodies/one-at-a-time.ts";
import type { Upload } from "./http/bodies/upload.ts";
import type { Parameter } from "./http/input/parameters.ts";
import type { ApiMetrics } from "./http/observability/api-metrics.ts";
import type { ResponseHeader } from "./http/response-headers.ts";
import type { ApiTimeouts } from "./http/server/api-server.ts";

/** Dependencies of the endpoints, created once per process. */
export type ApiContext = {
  readonly database: Database;
  /** The same database, with connections for uploads, each of which keeps one for as long as its ids arrive. */
  readonly uploads: Database;
  readonly nudger: TurnNudger;
  readonly watcher: BulkActionWatcher;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly metrics: ApiMetrics;
  readonly timeouts: Pick<ApiTimeouts, "takeMs">;
  /** Runs CPU-bound work. */
  readonly oneAtATime: OneAtATime;
  readonly config: Pick<
    ApiConfig,
    | "MAX_RECORD_IDS"
    | "MAX_UPLOADED_IDS"
    | "TRUSTED_PROXIES"
    | "MAX_OPEN_ACTIONS"
    | "CHUNK_SIZE"
    | "RESTORE_DAYS"
    | "WINDOW"
    | "RETENTION_DAYS"
    | "WEBHOOK_SECRET_KEY"
    | "WEBHOOK_ALLOW_LOOPBACK"
  >;
};

/** A request as an endpoint receives it. */
export type ApiRequest = {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly Parameter[];
  /** The parsed JSON or form; `undefined` without a body. */
  readonly body: unknown;
  /** The body, if it is one that the endpoint reads as a stream (`takesStreams`). */
  readonly upload: Upload | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the caller disconnects or has read the whole response. */
  readonly ended: AbortSignal;
  readonly logger: Logger;
  /**
   * Reserves memory of this size for the response. Waits if the account has no free share of the memory budget, and
   * throws `limited` or `unavailable` if that takes too long. Call it before allocating the bytes and before any change.
   */
  reserve(bytes: number): Promise<void>;
  /** Reserves memory for a response with ids of this weight (`IdWeight`), as `reserve` does. */
  reserveRecords(weight: number): Promise<void>;
};

/** The parts that every kind of response may have. */
type ResponseHead = {
  readonly headers?: Readonly<Record<string, string>>;
  /** The bulk action of the request, for the log. */
  readonly bulkActionId?: string;
};

/** A successful response: a 200 with JSON or a stream, a 204 or a 304. */
export type ApiResponse = ResponseHead &
  /** The body is for `writeJson`. */
  (
    | { readonly kind: "json"; readonly body: object }
    | { readonly kind: "no_content" }
    /** The caller's copy is current. */
    | { readonly kind: "not_modified" }
    | {
        readonly kind: "stream";
        readonly contentType: string;
        readonly pieces: AsyncIterable<string | Uint8Array>;
      }
  );

/** The schema of a body for each of its content types. */
export type SchemaByType = Readonly<Record<string, z.ZodType>>;

/**
 * The documentation of an endpoint in the API reference. The endpoint validates with the same schemas. Schemas of
 * bodies and responses have an example in their metadata (`examples`); a test sends or expects it.
 */
export type Operation = {
  /** The function name in generated clients, in `camelCase`. */
  readonly id: string;
  /** A few words. */
  readonly summary: string;
  /** CommonMark. */
  readonly description: string;
  /** One property per parameter. A list parameter is documented as `name[]`. */
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  /**
   * Unknown query parameters pass: it is a call of the base contract, whose clients may send any. None of them decides what
   * is changed.
   */
  readonly allowsParameters?: true;
  /** By content type, unless it is only JSON. */
  readonly body?: z.ZodType | SchemaByType;
  /** A request may come without a body. */
  readonly isBodyOptional?: true;
  /** The body may have `MAX_RECORD_IDS` ids. The limit for other endpoints is 64 kB. */
  readonly takesRecordIds?: true;
  /** The body may also be CSV or NDJSON, which the endpoint reads as a stream. */
  readonly takesStreams?: true;
  /** The body of a 200, by content type unless it is only JSON. */
  readonly response: z.ZodType | SchemaByType;
  /** Optional headers, in addition to the common ones. An endpoint with `ETag` may respond with 304. */
  readonly responseHeaders?: readonly ResponseHeader[];
  /** Kinds of errors in addition to those of every request and of every request with a body. */
  readonly refusals: readonly RequestErrorKind[];
  /**
   * What the endpoint changes, unless it is one transaction: `nothing`, or several steps (`in_steps`), of which some
   * may be done before an error. GET endpoints change nothing.
   */
  readonly changes?: "nothing" | "in_steps";
};

/** An endpoint of the public API. */
export type Endpoint = {
  readonly operation: Operation;
  /**
   * Throws if the endpoint would refuse this caller whatever the body is. Called before the body is read, for each piece
   * of it, and before it is parsed, so that a refused body costs little.
   */
  admit?(caller: Caller): void;
  respond(request: ApiRequest): Promise<ApiResponse>;
};
