import { type BulkActions, bulkActionsOf } from "./bulk-actions.ts";
import type { Connection, Fetch } from "./transport/connection.ts";

/** Where the API is, and how to call it. */
export type ClientOptions = {
  /** The address of the API, such as `https://bulk.shop.example`. */
  readonly url: string;
  /** An API token. Never put one on a web page that others see. */
  readonly token: string;
  /** How many times a request is sent again if that is safe. Default: 5. */
  readonly maxRetries?: number;
  /** How long a request may take until its answer begins. Default: 60 s. */
  readonly timeoutMs?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
};

/** A client of one account. It holds nothing open between calls. */
export type Client = {
  readonly bulkActions: BulkActions;
};

/** Creates a client. Throws `TypeError` for an address that is none of HTTP, and for a token that no header can carry. */
export function createClient({
  url,
  token,
  maxRetries = 5,
  timeoutMs = 60_000,
  fetch,
}: ClientOptions): Client {
  const connection: Connection = {
    url: readAddress(url),
    token: readToken(token),
    maxRetries,
    timeoutMs,
    // Looked up for each request, so that a program may replace it, and called as browsers demand.
    fetch: fetch ?? ((...request) => globalThis.fetch(...request)),
    random: Math.random,
  };
  return { bulkActions: bulkActionsOf(connection) };
}

function readAddress(text: string): string {
  const { protocol, origin, pathname, username } = new URL(text);
  if (!/^https?:$/.test(protocol)) throw new TypeError("The URL must begin with http:// or https://.");
  if (username !== "") throw new TypeError("The URL must not contain a user; use `token`.");
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}

// The error of `fetch` would quote the token.
function readToken(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new TypeError("The token is empty or has characters that no token has.");
  return token;
}
