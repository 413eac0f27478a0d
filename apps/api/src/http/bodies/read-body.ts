import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { RequestError } from "@bulk/domain/errors/request-error";
import { runInSlices } from "@bulk/service/timing/slices";
import type { RequestHandler, Response } from "express";
import type { Endpoint } from "../../context.ts";
import { MEMORY_PER_BODY_BYTE, MEMORY_PER_REQUEST } from "../memory/memory-costs.ts";
import type { Locals } from "../respond.ts";
import { readBodyType } from "./body-type.ts";
import { collectPieces } from "./collect-pieces.ts";
import { parseFormBody } from "./form-body.ts";
import { findBrokenBound, type JsonBounds } from "./measure-json.ts";
import { type OneAtATime, runFor } from "./one-at-a-time.ts";
import { openPlainBody, type PlainBodyOptions } from "./plain-body.ts";
import { readBytes } from "./read-bytes.ts";
import { openUpload } from "./upload.ts";

/** Bytes per id in a pretty-printed JSON body or in `bulk_action%5Brecord_ids%5D%5B99999%5D=<uuid>&`. */
const BYTES_PER_ID = 128;

/** Bytes for the rest of a body. */
const OTHER_BYTES = 64 * 1024;

/** The minimum average size of a value in a valid body; an id in JSON has 39 bytes. */
const BYTES_PER_VALUE = 32;

export type BodyOptions = {
  readonly oneAtATime: OneAtATime;
  /** Whether the endpoint reads CSV and NDJSON itself, as a stream. */
  readonly takesStreams: boolean;
  /** The most ids, and how to find their type. `undefined`: the endpoint takes none. */
  readonly ids: Omit<PlainBodyOptions, "bytes"> | undefined;
};

/**
 * Returns the middleware that reads a JSON or form-encoded body and refuses any other content type. It reads ids from plain
 * JSON as they arrive. For any other body it checks the limits for bytes, values, keys and depth before parsing; large ones
 * are parsed and validated one at a time (`oneAtATime`) so that they do not delay small requests.
 */
export function readBody(
  { oneAtATime, ids, takesStreams }: BodyOptions,
  endpoint: Pick<Endpoint, "admit">,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  const most = mostBodyBytes(ids?.most ?? 0);
  const bounds = { depth: 32, keys: 1_000, values: Math.floor(most / BYTES_PER_VALUE) };
  return async (request, response, next) => {
    const type = readBodyType(request, takesStreams);
    if (type === undefined) return next();
    if (type === "csv" || type === "ndjson") {
      response.locals.upload = openUpload(type, request, response);
      return next();
    }
    const admit = () => admitCaller(endpoint, response.locals);
    const reserve = reserveFor(request, response, admit);
    const plain =
      type === "json" && ids ? openPlainBody({ ...ids, bytes: sizeOf(request, most) }) : undefined;
    const pieces = collectPieces();
    const take = (piece: Buffer) => {
      // Another request may have been admitted since: the rest would be read for nothing.
      admit();
      plain?.take(piece);
      pieces.add(piece);
    };
    await readBytes(request, { most, reserve, take });
    const reading = plain?.finish();
    if (reading !== undefined) {
      admit();
      request.body = await runInSlices(reading);
      return next();
    }
    const bytes = pieces.concat();
    const run = runFor(bytes.length, oneAtATime);
    request.body = await run(() => {
      admit();
      return parse(type, bytes, bounds);
    });
    // The endpoint validates the body before its first `await`.
    await run(next);
  };
}

/** Returns the most bytes of a body with at most so many ids. */
export function mostBodyBytes(mostIds: number): number {
  return mostIds * BYTES_PER_ID + OTHER_BYTES;
}

// Without a length it grows.
function sizeOf({ headers }: IncomingMessage, most: number): number {
  const announced = Number(headers["content-length"] ?? 0);
  return announced <= most ? announced : 0;
}

function parse(type: "json" | "form", bytes: Buffer, bounds: JsonBounds): unknown {
  if (!isUtf8(bytes)) throw malformed("The body is not valid UTF-8.");
  return type === "json" ? parseJson(bytes, bounds) : parseFormBody(bytes.toString(), bounds.values);
}

function admitCaller({ admit }: Pick<Endpoint, "admit">, { caller }: Locals): void {
  if (caller !== undefined) admit?.(caller);
}

/** Returns a function that checks admission, reserves memory for a body and sends `100 Continue` if the caller waits for it. */
function reserveFor(request: IncomingMessage, response: Response<unknown, Locals>, admit: () => void) {
  let awaitsContinue = request.headers.expect?.toLowerCase() === "100-continue";
  return async (bytes: number): Promise<void> => {
    admit();
    await response.locals.memory?.raise(MEMORY_PER_REQUEST + MEMORY_PER_BODY_BYTE * bytes);
    if (awaitsContinue) response.writeContinue();
    awaitsContinue = false;
  };
}

// JSON that is not an object is refused by `openEnvelope`, with a better message.
function parseJson(bytes: Buffer, bounds: JsonBounds): unknown {
  if (bytes.length === 0) return undefined;
  const broken = findBrokenBound(bytes, bounds);
  if (broken === "depth") throw malformed(`The body is nested deeper than ${bounds.depth} levels.`);
  if (broken !== undefined) {
    const message = `The body has more than ${bounds[broken]} ${broken}.`;
    throw new RequestError("too_large", "request.too_large", message);
  }
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw malformed("The body is not valid JSON.");
  }
}

function malformed(message: string): RequestError {
  return new RequestError("malformed", "request.malformed", message);
}
