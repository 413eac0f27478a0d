import type { Registry } from "@bulk/actions/registry";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import type { Logger } from "@bulk/service/logger";
import type { Caller } from "@bulk/store/api-tokens";
import type { Database } from "@bulk/store/database";
import type { ApiConfig } from "./config.ts";

/** What every endpoint may use; made once. */
export type ApiContext = {
  readonly database: Database;
  readonly queue: TurnQueue;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly config: Pick<ApiConfig, "MAX_RECORD_IDS" | "CHUNK_SIZE" | "WINDOW">;
};

/** What an endpoint knows of the request it answers. */
export type ApiRequest = {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON or form; `undefined` without a body. */
  readonly body: unknown;
  /** Which copies the caller has. */
  readonly ifNoneMatch: string | undefined;
  readonly logger: Logger;
};

/** What an endpoint answers: the body of a 200, whole or piece by piece, or a 304. */
export type ApiAnswer =
  | {
      readonly kind: "json";
      readonly body: unknown;
      readonly headers: Readonly<Record<string, string>>;
      /** The bulk action it is about, for the log. */
      readonly bulkActionId: string;
    }
  | {
      /** The caller's copy is the current one. */
      readonly kind: "not_modified";
      readonly headers: Readonly<Record<string, string>>;
      readonly bulkActionId: string;
    }
  | { readonly kind: "json_stream"; readonly pieces: AsyncIterable<string> };

export type Endpoint = (request: ApiRequest, context: ApiContext) => Promise<ApiAnswer>;
