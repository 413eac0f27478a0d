import type { Call, Connection } from "./connection.ts";
import { writeUrl } from "./write-url.ts";

/** A request for `fetch`. */
export type WrittenRequest = { readonly url: string; readonly init: RequestInit };

/** Writes the request of a call. Throws `TypeError` for an id that is none. */
export function writeRequest(
  { url: base, token }: Connection,
  { method, url, path, query, headers, body }: Call,
): WrittenRequest {
  const given = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
  const isJson = body !== undefined;
  return {
    url: writeUrl(base, url, path, query),
    init: {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(isJson && { "content-type": "application/json" }),
        ...(Object.fromEntries(given) as Record<string, string>),
      },
      ...(isJson && { body: JSON.stringify(body) }),
      // A redirect would turn a POST into a GET.
      redirect: "error",
    },
  };
}
