import type { Logger } from "../process/logger.ts";
import { findMisspellings } from "./find-misspellings.ts";

/** Logs a warning for each unknown variable whose name is similar to a known one. */
export function reportMisspellings(environment: NodeJS.ProcessEnv, logger: Logger): void {
  for (const { variable, nearest } of findMisspellings(environment)) {
    logger.warn({ variable, nearest }, "unknown variable; the nearest known name is given");
  }
}
