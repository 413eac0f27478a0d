import type { ApiTimeouts } from "@bulk/api/http/server/api-server";
import { expect } from "vitest";
import { openAnotherApi } from "./another-api.ts";
import { type Client, createClient } from "./client.ts";
import { eventually } from "./eventually.ts";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import type { TestService } from "./test-service.ts";

/** An API whose statements can be counted, and whose way to the database can be broken. */
export type ObservedApi = Client &
  AsyncDisposable & {
    readonly url: string;
    readonly proxy: TcpProxy;
    /** How many statements have read the progress of bulk actions that somebody waits for. */
    looks(): number;
    /** How many statements were sent in all, those that only probe a connection left out. */
    statements(): number;
    /** Waits until so many callers have had their first look. */
    untilWaiting(callers: number): Promise<void>;
  };

export async function openObservedApi(
  service: Pick<TestService, "database" | "redis">,
  { databaseUrl = service.database.url, timeouts }: ObservedApiOptions = {},
): Promise<ObservedApi> {
  let [looks, answeredLooks, statements] = [0, 0, 0];
  const readStatements = createStatementReader();
  const proxy = await openTcpProxy(databaseUrl, (piece, connection) => {
    for (const text of readStatements(piece)) {
      if (text.includes(LOOK)) {
        looks += 1;
        connection.once("data", () => {
          answeredLooks += 1;
        });
      }
      if (/\b(SELECT|INSERT|UPDATE|DELETE)\s+\S/.test(text)) statements += 1;
    }
  });
  const api = await openAnotherApi(service, { DATABASE_URL: proxy.url }, timeouts);
  return {
    ...createClient(api.url),
    url: api.url,
    proxy,
    looks: () => looks,
    statements: () => statements,
    async untilWaiting(callers) {
      await eventually(() => expect(answeredLooks).toBeGreaterThanOrEqual(callers), 25_000);
    },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

type ObservedApiOptions = { readonly databaseUrl?: string; readonly timeouts?: ApiTimeouts };

/** What tells that statement from all others. */
const LOOK = "AS key (account_id, id)";

/*
 * The statements a piece of traffic executes. A named one is sent once on each connection (Parse) and then only
 * named (Bind); a name means the same on all connections of one process.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
function createStatementReader(): (piece: Buffer) => readonly string[] {
  const named = new Map<string, string>();
  return (piece) => {
    const text = piece.toString("latin1");
    for (const [, name = "", statement = ""] of text.matchAll(/P[\s\S]{4}(bulk_[0-9a-f]+)\0([^\0]*)\0/g)) {
      named.set(name, statement);
    }
    const bound = [...text.matchAll(/B[\s\S]{4}\0(bulk_[0-9a-f]+)\0/g)].map(
      ([, name = ""]) => named.get(name) ?? "",
    );
    const unnamed = [...text.matchAll(/(?:P[\s\S]{4}\0|Q[\s\S]{4})([^\0]+)\0/g)].map(
      ([, statement = ""]) => statement,
    );
    return [...bound, ...unnamed];
  };
}
