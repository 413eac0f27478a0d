import { once } from "node:events";
import type { Caller } from "@bulk/store/api-tokens";
import type { RequestHandler, Response } from "express";
import type { ApiContext, Endpoint } from "./context.ts";
import type { ErrorAnswer } from "./error-body.ts";

/** What a request gathers on its way: who calls, and for the log, which bulk action it is about. */
export type Locals = { caller?: Caller; bulkActionId?: string };

/** Lets an endpoint answer; what it throws goes to the error handler. */
export function answerWith(
  endpoint: Endpoint,
  context: ApiContext,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  return async (request, response) => {
    const { caller } = response.locals;
    if (caller === undefined) throw new Error("An endpoint was reached without authentication.");
    const answer = await endpoint(
      {
        caller,
        params: request.params,
        query: new URLSearchParams(request.originalUrl.replace(/^[^?]*/, "")),
        body: request.body,
        ifNoneMatch: request.headers["if-none-match"],
        logger: request.log,
      },
      context,
    );
    if ("bulkActionId" in answer) {
      response.locals.bulkActionId = answer.bulkActionId;
      response.set(answer.headers);
    }
    switch (answer.kind) {
      case "json":
        response.json(answer.body);
        return;
      case "not_modified":
        response.status(304).end();
        return;
      case "json_stream":
        await writePieces(response, answer.pieces);
    }
  };
}

/** Sends an error in the one shape there is. */
export function sendError(response: Response, { status, headers, body }: ErrorAnswer): void {
  response.status(status).set(headers).json(body);
}

// Nothing is written before the first piece is there, so an early failure still gets its status code.
async function writePieces(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  const hangUp = new AbortController();
  response.once("close", () => hangUp.abort());
  response.type("json");
  for await (const piece of pieces) {
    if (hangUp.signal.aborted) return;
    if (!response.write(piece)) await once(response, "drain", hangUp).catch(() => undefined);
  }
  response.end();
}
