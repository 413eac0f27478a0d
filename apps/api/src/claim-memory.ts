import type { RequestHandler } from "express";
import type { Locals } from "./answer.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { MEMORY_PER_REQUEST } from "./memory-costs.ts";

/**
 * Lets a request in that there is memory for, and gives back what it held when it has been worked on and its answer was
 * taken, or its caller is gone.
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
      if (locals.isWorkedOn !== true) memory.release();
    });
    await memory.raise(MEMORY_PER_REQUEST);
    // Hung up meanwhile, or before; it is let go on as ever, and holds nothing any more.
    if (response.closed) memory.release();
    next();
  };
}
