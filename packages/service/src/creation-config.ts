import { z } from "zod";
import { wholeNumber } from "./read-config.ts";

/** The variables that whoever creates a bulk action reads. */
export const creationConfig = z.object({
  /** How many bulk actions of one account may be open at once; above 10,000 they are not counted. */
  MAX_OPEN_ACTIONS: wholeNumber(1, 1_000_000).default(30),
  /** How many records are handled in one transaction. */
  CHUNK_SIZE: wholeNumber(1, 10_000).default(1_000),
  /** How many lanes one bulk action may have at once. */
  WINDOW: wholeNumber(1, 64).default(4),
});
