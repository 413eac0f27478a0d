import type { IncomingMessage } from "node:http";
import { RequestError } from "@bulk/domain/errors/request-error";
import { FORM } from "./form-body.ts";

/**
 * Returns the format of a request's body, or `undefined` without a body. Throws `unsupported` for anything but JSON and
 * forms in UTF-8.
 */
export function readBodyType({ headers }: Pick<IncomingMessage, "headers">): "json" | "form" | undefined {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
  if (!hasBody) return undefined;
  const header = headers["content-type"] ?? "";
  if (header === "") throw unsupported(MISSING);
  const [mediaType = ""] = header.split(";", 1);
  const type = nameType(mediaType.trim().toLowerCase());
  if (type === undefined) throw unsupported(`Send application/json or ${FORM}.`);
  if (!isUtf8(header)) throw unsupported("Send UTF-8.");
  return type;
}

const MISSING = `The body has no content type. Send the header Content-Type: application/json (or ${FORM}).`;

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
