import type { Call, Connection } from "./connection.ts";
import { writeUrl } from "./write-url.ts";

/** A request for `fetch`. */
export type WrittenRequest = { readonly url: string; readonly init: RequestInit };

/** Writes the request of a call. Throws `TypeError` for an id that is none. */
export function writeRequest(
  { url: base, token }: Connection,
  { method, url, path, query, headers, body, upload }: Call,
): WrittenRequest {
  const given = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
  const type = body === undefined ? upload?.type : "application/json";
  return {
    url: writeUrl(base, url, path, query),
    init: {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(type !== undefined && { "content-type": type }),
        ...(Object.fromEntries(given) as Record<string, string>),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(upload && { body: upload.content, ...HALF_DUPLEX }),
      // A redirect would turn a POST into a GET.
      redirect: "error",
    },
  };
}

// `fetch` demands it for a stream; the types of the DOM do not know it.
const HALF_DUPLEX: object = { duplex: "half" };
