import { z } from "zod";
import { wholeNumber } from "./read-config.ts";

/** The variables of every process that creates bulk actions. */
export const creationConfig = z.object({
  /** Maximum number of open bulk actions per account. Above 10,000 they are not counted. */
  MAX_OPEN_ACTIONS: wholeNumber(1, 1_000_000).default(30),
  /** Records per transaction. */
  CHUNK_SIZE: wholeNumber(1, 10_000).default(1_000),
  /** Maximum number of lanes per bulk action. */
  WINDOW: wholeNumber(1, 64).default(4),
});
