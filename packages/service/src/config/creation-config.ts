import { z } from "zod";
import { wholeNumber } from "./read-config.ts";

/** The variables of every process that creates bulk actions. */
export const creationConfig = z.object({
  /** Maximum number of open bulk actions per account. Above 10,000 they are not counted. */
  MAX_OPEN_ACTIONS: wholeNumber(1, 1_000_000).default(30),
  /** Records per transaction. */
  CHUNK_SIZE: wholeNumber(1, 10_000).default(1_000),
  /** For how many days after its creation a bulk action can be restored; 0: nothing is kept for that. */
  RESTORE_DAYS: wholeNumber(0, 28).default(7),
  /** Maximum number of lanes per bulk action. */
  WINDOW: wholeNumber(1, 64).default(4),
});
