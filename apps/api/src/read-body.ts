import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { RequestError } from "@bulk/domain/request-error";
import type { RequestHandler, Response } from "express";
import type { Locals } from "./answer.ts";
import { readBodyType } from "./body-type.ts";
import { parseFormBody } from "./form-body.ts";
import { findBrokenBound, type JsonBounds } from "./measure-json.ts";
import { MEMORY_PER_BODY_BYTE, MEMORY_PER_REQUEST } from "./memory-costs.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import { readBytes } from "./read-bytes.ts";

/** What an id takes in a pretty-printed JSON body or in `bulk_action%5Brecord_ids%5D%5B99999%5D=<uuid>&`. */
const BYTES_PER_ID = 128;

/** Room for the rest of a body. */
const BYTES_BESIDES = 64 * 1024;

/** No value of a good body is shorter on average: an id in JSON has 39 bytes. */
const BYTES_PER_VALUE = 32;

/** Takes less than a millisecond to parse. */
const SMALL_BYTES = 64 * 1024;

/**
 * Reads a JSON or form-encoded body of at most `maxRecordIds` ids; refuses any other content type. What the body costs
 * is bounded before it is parsed, in bytes, values, keys and depth. Large ones are parsed and then validated
 * by `oneAtATime`: together they would keep small requests waiting.
 */
export function readBody(
  maxRecordIds: number,
  oneAtATime: OneAtATime,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  const most = maxRecordIds * BYTES_PER_ID + BYTES_BESIDES;
  const bounds = { depth: 32, keys: 1_000, values: Math.floor(most / BYTES_PER_VALUE) };
  return async (request, response, next) => {
    const type = readBodyType(request);
    if (type !== undefined) {
      const bytes = await readBytes(request, { most, reserve: reserveFor(request, response) });
      const run = bytes.length > SMALL_BYTES ? oneAtATime : runAtOnce;
      request.body = await run(() => parse(type, bytes, bounds));
      // The endpoint validates the body before it waits for anything.
      await run(next);
    } else next();
  };
}

const runAtOnce: OneAtATime = async (work) => work();

function parse(type: "json" | "form", bytes: Buffer, bounds: JsonBounds): unknown {
  if (!isUtf8(bytes)) throw malformed("The body is not valid UTF-8.");
  return type === "json" ? parseJson(bytes, bounds) : parseFormBody(bytes.toString(), bounds.values);
}

/** Holds the memory that a body of this size takes, and first tells a caller who waits for that to go on. */
function reserveFor(request: IncomingMessage, response: Response<unknown, Locals>) {
  let isAwaited = request.headers.expect?.toLowerCase() === "100-continue";
  return async (bytes: number): Promise<void> => {
    await response.locals.memory?.raise(MEMORY_PER_REQUEST + MEMORY_PER_BODY_BYTE * bytes);
    if (isAwaited) response.writeContinue();
    isAwaited = false;
  };
}

// Valid JSON that is no object is refused by whoever expects an object, in better words.
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
