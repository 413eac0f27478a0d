import type { ChunkEffect } from "@bulk/store/chunks";

/**
 * A thing that can be done to records. `type` is its stable name, spelled as on the wire; it is stored
 * with every bulk action, so it never changes once released. The change and its preview are made from the
 * same condition, so neither can say what the other does not.
 */
export type Action = ChunkEffect & {
  readonly type: string;
};
