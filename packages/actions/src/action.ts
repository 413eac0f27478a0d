import type { ChunkEffect } from "@bulk/store/chunks";

/**
 * A thing that can be done to records. `type` is its stable name, spelled as on the wire; it is stored
 * with every bulk action, so it never changes once released.
 */
export type Action = ChunkEffect & {
  readonly type: string;
};
