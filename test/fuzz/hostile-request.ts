import fc from "fast-check";
import type { Example } from "../support/act-out-examples.ts";
import { hostileBody } from "./hostile-body.ts";
import { hostileText, repeated } from "./hostile-text.ts";

/** A request as a fuzzer makes it up, taken apart so that a failing one shrinks to what matters. */
export type HostileRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly token: "good" | "unknown" | "malformed" | "none";
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** How the body is compressed: as it is called, or not at all, or not what it is called. */
  readonly coding: Coding;
  readonly framing: Framing;
};

/** How the bytes come: whole, as chunks, in pieces, broken off, or with a length that is not theirs. */
export type Framing = "whole" | "chunked" | "slow" | "truncated" | "short length" | "no length" | "rubbish";

export type Coding = "identity" | "gzip" | "deflate" | "br" | "broken gzip" | "gzip twice" | "false gzip";

/** Requests that begin as an example of the API's own document, one or two parts of which are spoiled. */
export function hostileRequest(
  examples: readonly Example[],
  parameters: readonly string[],
): fc.Arbitrary<HostileRequest> {
  const spoiledParts = fc.subarray([...PARTS], { minLength: 1, maxLength: 2 });
  // Most can be wrong with a body, and most examples have none.
  const drawn = examples.flatMap((example) =>
    example.body === undefined ? example : Array<Example>(4).fill(example),
  );
  return fc.tuple(fc.constantFrom(...drawn), spoiledParts).chain(([example, spoiled]) => {
    function unlessSpoiled<T>(part: Part, usual: T, hostile: fc.Arbitrary<T>): fc.Arbitrary<T> {
      return spoiled.includes(part) ? hostile : fc.constant(usual);
    }
    const { method, path, body = "" } = example;
    const headers = Object.entries(example.headers);
    return fc.record({
      method: unlessSpoiled("method", method, fc.constantFrom(...METHODS)),
      path: unlessSpoiled("path", path, hostilePath(path)),
      query: unlessSpoiled("query", [], hostileQuery(parameters)),
      token: unlessSpoiled("token", "good", fc.constantFrom("unknown", "malformed", "none")),
      headers: unlessSpoiled("headers", headers, hostileHeaders(headers)),
      body: unlessSpoiled("body", body, hostileBody(body)),
      coding: unlessSpoiled("coding", "identity", fc.constantFrom(...CODINGS)),
      framing: unlessSpoiled("framing", "whole", fc.constantFrom(...FRAMINGS)),
    });
  });
}

const PARTS = ["method", "path", "query", "token", "headers", "body", "coding", "framing"] as const;

type Part = (typeof PARTS)[number];

const FRAMINGS = ["chunked", "slow", "truncated", "short length", "no length", "rubbish"] as const;

const CODINGS = ["gzip", "deflate", "br", "broken gzip", "gzip twice", "false gzip"] as const;

const METHODS = [
  "GET",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "QUERY",
  "CONNECT",
];

function hostilePath(path: string): fc.Arbitrary<string> {
  const segments = path.split("/");
  return fc.tuple(fc.nat(segments.length), hostileSegment).map(([at, segment]) => {
    const spoiled = segments.toSpliced(Math.max(at, 1), at % 2, segment).join("/");
    return spoiled.startsWith("/") ? spoiled : `/${spoiled}`;
  });
}

const hostileSegment = fc.oneof(
  fc.constantFrom(
    "",
    ".",
    "..",
    "%",
    "%00",
    "%ff",
    "%2e%2e",
    "%2F",
    "*",
    ";",
    "//",
    "__proto__",
    "constructor",
  ),
  fc.uuid(),
  hostileText.map(encodeURIComponent),
  repeated("a", 20_000),
);

function hostileQuery(parameters: readonly string[]): fc.Arbitrary<HostileRequest["query"]> {
  const name = fc.oneof(
    fc.constantFrom(...parameters),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "ids[__proto__]",
      "ids[99999999]",
      "ids[a][b]",
      "limit[]",
      "",
    ),
    hostileText,
  );
  return fc.array(fc.tuple(name, hostileText), { minLength: 1, maxLength: 4 });
}

function hostileHeaders(usual: HostileRequest["headers"]): fc.Arbitrary<HostileRequest["headers"]> {
  const more = fc.array(fc.tuple(fc.constantFrom(...HEADERS), headerValue), { minLength: 1, maxLength: 3 });
  return more.map((added) => [...usual, ...added]);
}

const HEADERS = [
  ...["accept", "accept-encoding", "content-type", "content-encoding", "if-none-match", "x-request-id"],
  ...[
    "idempotency-key",
    "last-event-id",
    "prefer",
    "expect",
    "upgrade",
    "range",
    "host",
    "cookie",
    "__proto__",
    "te",
  ],
  ...["x-http-method-override", "x-forwarded-for", "authorization", "transfer-encoding", "content-length"],
];

/** Anything that may stand in a header line, and now and then what may not. */
const headerValue = fc.oneof(
  fc.constantFrom(
    "",
    "*",
    "*/*",
    "application/json",
    "application/x-www-form-urlencoded",
    "text/event-stream",
  ),
  fc.constantFrom(
    "gzip",
    "br",
    "identity",
    "chunked",
    "100-continue",
    "0",
    "-1",
    "1e9",
    "multipart/form-data",
  ),
  fc.constantFrom("application/json; charset=utf-16", "application/x-ndjson", "application/json;;;", "h2c"),
  hostileText.map((text) =>
    Buffer.from(text)
      .toString("latin1")
      .replaceAll(/[\r\n\0]/g, " "),
  ),
  fc.constantFrom("a\0b", "a\rb", "a\u007fb"),
);
