import type { IncomingMessage } from "node:http";
import { RequestError } from "@bulk/domain/errors/request-error";
import { FORM } from "./form-body.ts";

/** The format of a body that is read as a stream. */
export type StreamFormat = "csv" | "ndjson";

/**
 * Returns the format of a request's body, or `undefined` without a body. Throws `unsupported` for anything but JSON and
 * forms in UTF-8 and, if the endpoint takes them, streams.
 */
export function readBodyType(
  { headers }: Pick<IncomingMessage, "headers">,
  takesStreams: boolean,
): "json" | "form" | StreamFormat | undefined {
  const header = headers["content-type"] ?? "";
  const [mediaType = ""] = header.split(";", 1);
  const name = mediaType.trim().toLowerCase();
  const format = takesStreams ? STREAM_FORMATS.get(name) : undefined;
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
  // An empty file is a stream without ids.
  if (!hasBody && format === undefined) return undefined;
  if (header === "") throw unsupported(MISSING);
  const type = format ?? nameType(name);
  if (type === undefined)
    throw unsupported(`Send ${takesStreams ? ALL_TYPES : `application/json or ${FORM}`}.`);
  if (!isUtf8(header)) throw unsupported("Send UTF-8.");
  return type;
}

const MISSING = `The body has no content type. Send the header Content-Type: application/json (or ${FORM}).`;

/** The formats of streams by content type. */
export const STREAM_FORMATS: ReadonlyMap<string, StreamFormat> = new Map([
  ["text/csv", "csv"],
  ["application/x-ndjson", "ndjson"],
]);

const ALL_TYPES = `application/json, ${FORM}, ${[...STREAM_FORMATS.keys()].join(" or ")}`;

function nameType(mediaType: string): "json" | "form" | undefined {
  if (mediaType === FORM) return "form";
  return /^application\/(?:[\w.-]+\+)?json$/.test(mediaType) ? "json" : undefined;
}

/** Returns whether the charset is absent or a label of UTF-8: https://encoding.spec.whatwg.org/#names-and-labels */
function isUtf8(contentType: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType)?.[1] ?? "";
  return charset === "" || encodingOf(charset) === "utf-8";
}

function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

function unsupported(message: string): RequestError {
  return new RequestError("unsupported", "request.unsupported_media_type", message);
}
