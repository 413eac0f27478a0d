import { once } from "node:events";
import { outcomeUnknown } from "@bulk/domain/refusals";
import type { Caller } from "@bulk/store/api-tokens";
import { isDatabaseUnavailable, mayHaveHappened } from "@bulk/store/sqlstate";
import type { Request, RequestHandler, Response } from "express";
import type { Endpoint, Operation } from "./context.ts";
import type { ErrorAnswer } from "./error-body.ts";
import type { MemoryClaim } from "./memory-budget.ts";
import { MEMORY_PER_REQUEST } from "./memory-costs.ts";
import { parseQuery } from "./query.ts";

/** What a request gathers on its way. */
export type Locals = {
  caller?: Caller;
  memory?: MemoryClaim;
  /** An endpoint is at work for it, whether or not its caller is still there. */
  isWorkedOn?: boolean;
  /** Which bulk action it is about, for the log. */
  bulkActionId?: string;
};

/**
 * Lets an endpoint answer; what it throws goes to the error handler.
 *
 * @param takeMs how long a caller may take for an answer, or for each piece of one that comes in pieces
 */
export function answerWith(
  endpoint: Endpoint,
  takeMs: number,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  return async (request, response) => {
    const { locals } = response;
    locals.isWorkedOn = true;
    try {
      await respond(endpoint, takeMs, request, response);
    } finally {
      locals.isWorkedOn = false;
      if (response.closed) locals.memory?.release();
    }
  };
}

async function respond(
  endpoint: Endpoint,
  takeMs: number,
  request: Request<Record<string, string>, unknown, unknown, unknown, Locals>,
  response: Response<unknown, Locals>,
): Promise<void> {
  const { caller, memory } = response.locals;
  if (caller === undefined || memory === undefined) throw new Error("An endpoint was reached unguarded.");
  const end = new AbortController();
  response.once("close", () => end.abort(ENDED));
  // Hung up while the token was looked up.
  if (response.closed) end.abort(ENDED);
  const asked = endpoint.answer({
    caller,
    params: request.params,
    query: parseQuery(request.originalUrl),
    body: request.body,
    headers: request.headers,
    ended: end.signal,
    logger: request.log,
    reserve: (bytes) => memory.raise(MEMORY_PER_REQUEST + bytes),
  });
  const isReading = ["GET", "HEAD"].includes(request.method);
  const answer = await asked.catch(judgeOutcome(isReading ? "nothing" : endpoint.operation.changes));
  // The values would live as long as the request does.
  request.body = undefined;
  if (answer.bulkActionId !== undefined) response.locals.bulkActionId = answer.bulkActionId;
  if (answer.headers !== undefined) response.set(answer.headers);
  switch (answer.kind) {
    case "json": {
      // Bytes: a text would be there twice until it is taken.
      const bytes = Buffer.from(JSON.stringify(answer.body));
      memory.lower(MEMORY_PER_REQUEST + bytes.length);
      // Not by Express's `json()`, which makes a 304 of its own of it for every `If-None-Match: *`.
      response.type("json").end(bytes);
      return cutOffAfter(takeMs, response);
    }
    case "no_content":
      response.status(204).end();
      return;
    case "not_modified":
      response.status(304).end();
      return;
    case "stream":
      response.type(answer.contentType);
      if (request.method === "HEAD") await endWithoutPieces(response, answer.pieces);
      else await writePieces(response, answer.pieces, end.signal, takeMs);
  }
}

/** Cuts a caller off who has not taken the whole answer by then. */
function cutOffAfter(takeMs: number, response: Response): void {
  const timer = setTimeout(() => response.destroy(), takeMs);
  response.once("close", () => clearTimeout(timer));
}

// An error that leaves open whether the change was made must not say that it was not.
function judgeOutcome(changes: Operation["changes"]): (error: unknown) => never {
  return (error) => {
    const isOpen = changes === "in_steps" ? isDatabaseUnavailable(error) : mayHaveHappened(error);
    throw changes !== "nothing" && isOpen ? Object.assign(outcomeUnknown(), { cause: error }) : error;
  };
}

// One for all: a reason made anew for every request, with its stack, costs more than the rest of the signal.
const ENDED = new Error("The request has ended.");

/** Sends an error in the one shape there is, with the id by which our logs know the request. */
export function sendError(response: Response, { status, headers, body }: ErrorAnswer): void {
  response
    .status(status)
    // A stream that failed before its first piece had another.
    .type("json")
    .set(headers)
    .json({ ...body, request_id: response.getHeader("Request-Id") });
}

// A stream may take as long as a bulk action, and HEAD asks for no piece of it; only the first tells whether there is
// anything to stream.
async function endWithoutPieces(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
  response.end();
}

// Nothing is written before the first piece is there, so an early failure still gets its status code.
async function writePieces(
  response: Response,
  pieces: AsyncIterable<string>,
  signal: AbortSignal,
  takeMs: number,
): Promise<void> {
  for await (const piece of pieces) {
    if (signal.aborted) return;
    if (response.write(piece)) continue;
    const timer = setTimeout(() => response.destroy(), takeMs);
    await once(response, "drain", { signal }).catch(() => undefined);
    clearTimeout(timer);
    // The next piece would be one more query.
    if (signal.aborted) return;
  }
  response.end();
  cutOffAfter(takeMs, response);
}
