import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import type { Ending } from "./exchange.ts";
import type { HostileRequest } from "./hostile-request.ts";

/** The bytes of a request, and what is to become of the connection. */
export type WrittenRequest = {
  readonly requestLine: string;
  readonly pieces: readonly Uint8Array[];
  readonly ending: Ending;
};

export function writeRequest(request: HostileRequest, token: string): WrittenRequest {
  const { method, path, query, framing } = request;
  const search = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const separator = search.length === 0 ? "" : path.includes("?") ? "&" : "?";
  const requestLine = `${method} ${path}${separator}${search.join("&")} HTTP/1.1`;
  const [coding, body] = compress(request.coding, Buffer.from(request.body));
  const lines = [
    ...request.headers,
    ...coding,
    ...authorize(request.token, token),
    ...measure(framing, body),
  ];
  const head = [requestLine, "host: shop.test", ...lines.map(([name, value]) => `${name}: ${value}`), "", ""];
  const pieces = [Buffer.from(head.join("\r\n"), "latin1"), ...writeBody(framing, body)];
  return { requestLine, ...divide(framing, pieces), ending: endingOf(request) };
}

function compress(
  coding: HostileRequest["coding"],
  body: Buffer,
): readonly [headers: HostileRequest["headers"], body: Buffer] {
  switch (coding) {
    case "identity":
      return [[], body];
    case "gzip":
      return [[["content-encoding", "gzip"]], gzipSync(body)];
    case "deflate":
      return [[["content-encoding", "deflate"]], deflateSync(body)];
    case "br":
      return [[["content-encoding", "br"]], brotliCompressSync(body, FAST)];
    case "broken gzip":
      return [[["content-encoding", "gzip"]], gzipSync(body).subarray(0, -9)];
    case "gzip twice":
      return [[["content-encoding", "gzip"]], gzipSync(gzipSync(body))];
    case "false gzip":
      return [[["content-encoding", "gzip"]], body];
  }
}

/** The best quality takes a hundred times as long. */
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

function authorize(kind: HostileRequest["token"], good: string): HostileRequest["headers"] {
  switch (kind) {
    case "good":
      return [["authorization", `Bearer ${good}`]];
    case "unknown":
      return [["authorization", "Bearer unknown"]];
    case "malformed":
      return [["authorization", "Bearer a b, Basic"]];
    case "none":
      return [];
  }
}

function measure(framing: HostileRequest["framing"], body: Buffer): HostileRequest["headers"] {
  switch (framing) {
    case "chunked":
      return [["transfer-encoding", "chunked"]];
    case "short length":
      return [["content-length", String(Math.floor(body.length / 2))]];
    case "truncated":
      return [["content-length", String(body.length + 1)]];
    case "no length":
      return [];
    default:
      return body.length > 0 ? [["content-length", String(body.length)]] : [];
  }
}

function writeBody(framing: HostileRequest["framing"], body: Buffer): readonly Buffer[] {
  switch (framing) {
    case "chunked":
      return [
        Buffer.from(body.length > 0 ? `${body.length.toString(16)}\r\n` : ""),
        body,
        Buffer.from(body.length > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n"),
      ];
    case "rubbish":
      return [body.map((byte, index) => (index % 7 === 3 ? byte ^ 0xff : byte)) as Buffer];
    default:
      return [body];
  }
}

/** In how many writes they go out. */
function divide(framing: HostileRequest["framing"], pieces: readonly Buffer[]) {
  const bytes = Buffer.concat(pieces);
  if (framing !== "slow") return { pieces: [bytes] };
  const size = Math.ceil(bytes.length / 8);
  return { pieces: Array.from({ length: 8 }, (_, n) => bytes.subarray(n * size, (n + 1) * size)) };
}

function endingOf({ framing, headers }: HostileRequest): Ending {
  if (framing === "truncated") return "half-close";
  // After a framing of the caller's own, nobody knows where the next request would begin.
  const isOwn = headers.some(([name]) => ["transfer-encoding", "content-length", "upgrade"].includes(name));
  return isOwn || framing === "short length" || framing === "no length" ? "leave" : "keep";
}
