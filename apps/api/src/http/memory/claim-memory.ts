import type { RequestHandler } from "express";
import type { Locals } from "../respond.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { MEMORY_PER_REQUEST } from "./memory-costs.ts";

/**
 * Returns the middleware that reserves memory for a request. The memory is released after the endpoint has ended and
 * the caller has read the response or disconnected.
 */
export function claimMemory(
  budget: MemoryBudget,
): RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals> {
  return async (_request, response, next) => {
    const { locals } = response;
    if (locals.caller === undefined) throw new Error("Memory was claimed without authentication.");
    const memory = budget.open(locals.caller.accountId);
    locals.memory = memory;
    response.once("close", () => {
      if (locals.isRunning !== true) memory.release();
    });
    await memory.raise(MEMORY_PER_REQUEST);
    // The caller has already disconnected. The request continues without a reservation.
    if (response.closed) memory.release();
    next();
  };
}
