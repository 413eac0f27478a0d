import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { RequestError } from "@bulk/domain/request-error";
import express, { type RequestHandler } from "express";
import { FORM, parseFormBody } from "./form-body.ts";

/** What an id takes in a pretty-printed JSON body or in `bulk_action%5Brecord_ids%5D%5B99999%5D=<uuid>&`. */
const BYTES_PER_ID = 128;

/** Room for the rest of a body. */
const BYTES_BESIDES = 64 * 1024;

/** Reads a JSON or form-encoded body of at most `maxRecordIds` ids; refuses any other content type. */
export function readBody(maxRecordIds: number): readonly RequestHandler[] {
  const limit = maxRecordIds * BYTES_PER_ID + BYTES_BESIDES;
  return [
    refuseOtherTypes,
    // Not strict: valid JSON that is no object is refused by whoever expects an object, in better words.
    express.json({ limit, type: isJson, strict: false, verify: refuseBrokenText }),
    express.text({ limit, type: FORM, verify: refuseBrokenText }),
    parseForm,
  ];
}

function isJson(request: IncomingMessage): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "");
}

const refuseOtherTypes: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"]) > 0;
  if (!hasBody || isJson(request) || request.is(FORM)) next();
  else
    throw new RequestError(
      "unsupported",
      "request.unsupported_media_type",
      `Send application/json or ${FORM}.`,
    );
};

// A decoder would put U+FFFD in place of broken bytes and go on.
function refuseBrokenText(
  _request: IncomingMessage,
  _response: ServerResponse,
  body: Buffer,
  charset: string,
): void {
  if (charset !== "utf-8") {
    throw new RequestError("unsupported", "request.unsupported_media_type", "Send UTF-8.");
  }
  if (!isUtf8(body)) throw new RequestError("malformed", "request.malformed", "The body is not valid UTF-8.");
}

const parseForm: RequestHandler = (request, _response, next) => {
  if (request.is(FORM) && typeof request.body === "string") request.body = parseFormBody(request.body);
  next();
};
