import { findMisspellings } from "./find-misspellings.ts";
import type { Logger } from "./logger.ts";

/** Warns of variables that nothing reads and whose names are nearly those of ours. */
export function reportMisspellings(environment: NodeJS.ProcessEnv, logger: Logger): void {
  for (const { variable, nearest } of findMisspellings(environment)) {
    logger.warn({ variable, nearest }, "unknown variable; the nearest known name is given");
  }
}
