import { once } from "node:events";
import { outcomeUnknown } from "@bulk/domain/errors/refusals";
import { runInSlices, type Slices } from "@bulk/service/timing/slices";
import type { Caller } from "@bulk/store/accounts/api-tokens";
import { writeJson } from "@bulk/store/record-ids/write-json";
import { isDatabaseUnavailable, mayHaveHappened } from "@bulk/store/sqlstate";
import type { Request, RequestHandler, Response } from "express";
import type { ApiRequest, ApiResponse, Endpoint, Operation } from "../context.ts";
import type { Upload } from "./bodies/upload.ts";
import type { ErrorResponse } from "./error-body.ts";
import { parseQuery } from "./input/query.ts";
import type { MemoryClaim } from "./memory/memory-budget.ts";
import { MEMORY_PER_RECORD, MEMORY_PER_REQUEST } from "./memory/memory-costs.ts";

/** What the middleware stores for one request. */
export type Locals = {
  caller?: Caller;
  memory?: MemoryClaim;
  /** The body, if the endpoint reads it as a stream. */
  upload?: Upload;
  /** Whether the endpoint is running, even if the caller has disconnected. */
  isRunning?: boolean;
  /** The bulk action of the request, for the log. */
  bulkActionId?: string;
};

type EndpointRequest = Request<Record<string, string>, unknown, unknown, unknown, Locals>;
type EndpointResponse = Response<unknown, Locals>;

export type RespondOptions = {
  /** How long a caller may take to read the response, or each piece of a stream. */
  readonly takeMs: number;
};

/** Returns the request handler that runs an endpoint and sends its response. Errors go to the error handler. */
export function respondWith(
  endpoint: Endpoint,
  options: RespondOptions,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  return async (request, response) => {
    const { locals } = response;
    locals.isRunning = true;
    try {
      await run(endpoint, options, request, response);
    } finally {
      locals.isRunning = false;
      if (response.closed) locals.memory?.release();
    }
  };
}

async function run(
  endpoint: Endpoint,
  { takeMs }: RespondOptions,
  request: EndpointRequest,
  response: EndpointResponse,
): Promise<void> {
  const { caller, memory } = response.locals;
  if (caller === undefined || memory === undefined) throw new Error("The endpoint lacks its guards.");
  const ended = signalEnd(response);
  const { upload } = response.locals;
  const apiRequest = readRequest(request, { caller, memory, upload, ended });
  const changes = ["GET", "HEAD"].includes(request.method) ? "nothing" : endpoint.operation.changes;
  const result = await endpoint.respond(apiRequest).catch(markUnknownOutcome(changes));
  // Frees the parsed values before the response is read.
  request.body = undefined;
  if (result.bulkActionId !== undefined) response.locals.bulkActionId = result.bulkActionId;
  if (result.headers !== undefined) response.set(result.headers);
  await send(result, { takeMs, memory, ended, isHead: request.method === "HEAD" }, response);
}

type Guarded = {
  readonly caller: Caller;
  readonly memory: MemoryClaim;
  readonly upload: Upload | undefined;
  readonly ended: AbortSignal;
};

function readRequest(request: EndpointRequest, { caller, memory, upload, ended }: Guarded): ApiRequest {
  return {
    caller,
    params: request.params,
    query: parseQuery(request.originalUrl),
    body: request.body,
    upload,
    headers: request.headers,
    ended,
    logger: request.log,
    reserve: (bytes) => memory.raise(MEMORY_PER_REQUEST + bytes),
    reserveRecords: (weight) => memory.raise(MEMORY_PER_REQUEST + weight * MEMORY_PER_RECORD),
  };
}

/** Returns a signal that is aborted when the connection of the response closes. */
function signalEnd(response: Response): AbortSignal {
  const end = new AbortController();
  response.once("close", () => end.abort(ENDED));
  // The caller may have disconnected during the token lookup.
  if (response.closed) end.abort(ENDED);
  return end.signal;
}

// Shared by all requests: a new error with its stack would cost more than the rest of the signal.
const ENDED = new Error("The request has ended.");

type Sending = {
  readonly takeMs: number;
  readonly memory: MemoryClaim;
  readonly ended: AbortSignal;
  readonly isHead: boolean;
};

async function send(
  result: ApiResponse,
  { takeMs, memory, ended, isHead }: Sending,
  response: Response,
): Promise<void> {
  switch (result.kind) {
    case "json": {
      const { pieces, length } = await runInSlices(encodeJson(result.body));
      memory.lower(MEMORY_PER_REQUEST + length);
      // Express's `json()` would send a 304 for every `If-None-Match: *`.
      response.type("json").set("Content-Length", String(length));
      for (const piece of pieces.slice(0, -1)) response.write(piece);
      response.end(pieces.at(-1));
      return cutOffAfter(takeMs, response);
    }
    case "no_content":
      response.status(204).end();
      return;
    case "not_modified":
      response.status(304).end();
      return;
    case "stream":
      response.type(result.contentType);
      if (isHead) await endWithoutPieces(response, result.pieces);
      else await writePieces(response, result.pieces, ended, takeMs);
  }
}

/** Pieces of this many bytes in total are written in less than a millisecond. */
const SLICE_BYTES = 128 * 1024;

const SMALL_BYTES = 16 * 1024;

type EncodedJson = {
  readonly pieces: readonly (string | Uint8Array)[];
  /** In bytes. */
  readonly length: number;
};

/**
 * Encodes an object as JSON. A small one is a string, which Node sends together with the headers in one write: 10 µs less.
 * A large one is bytes: Node would keep strings twice until the caller has read them.
 */
function* encodeJson(body: object): Slices<EncodedJson> {
  const pieces: Uint8Array[] = [];
  let [length, sliced] = [0, 0];
  for (const piece of writeJson(body)) {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    pieces.push(bytes);
    length += bytes.length;
    if (length - sliced < SLICE_BYTES) continue;
    sliced = length;
    yield;
  }
  const isSmall = length < SMALL_BYTES;
  return { pieces: isSmall ? [Buffer.concat(pieces).toString()] : pieces, length };
}

/** Closes the connection of a caller who has not read the response in time. */
function cutOffAfter(takeMs: number, response: Response): void {
  const timer = setTimeout(() => response.destroy(), takeMs);
  response.once("close", () => clearTimeout(timer));
}

// A caller must not be told that nothing was changed while the change may have been committed.
function markUnknownOutcome(changes: Operation["changes"]): (error: unknown) => never {
  return (error) => {
    const isOpen = changes === "in_steps" ? isDatabaseUnavailable(error) : mayHaveHappened(error);
    throw changes !== "nothing" && isOpen ? Object.assign(outcomeUnknown(), { cause: error }) : error;
  };
}

/** Sends an error response, with the request id. */
export function sendError(response: Response, { status, headers, body }: ErrorResponse): void {
  response
    .status(status)
    // A stream that failed before its first piece has set another type.
    .type("json")
    .set(headers)
    .json({ ...body, request_id: response.getHeader("Request-Id") });
}

// Reads only the first piece, which decides the status: a whole stream may last as long as its bulk action.
async function endWithoutPieces(
  response: Response,
  pieces: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
  response.end();
}

// Writes nothing before the first piece exists, so that an early failure can still set the status.
async function writePieces(
  response: Response,
  pieces: AsyncIterable<string | Uint8Array>,
  ended: AbortSignal,
  takeMs: number,
): Promise<void> {
  for await (const piece of pieces) {
    if (ended.aborted) return;
    if (response.write(piece)) continue;
    const timer = setTimeout(() => response.destroy(), takeMs);
    await once(response, "drain", { signal: ended }).catch(() => undefined);
    clearTimeout(timer);
    // Saves the query for the next piece.
    if (ended.aborted) return;
  }
  response.end();
  cutOffAfter(takeMs, response);
}
