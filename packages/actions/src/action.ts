import type { ChunkEffect } from "@bulk/store/chunks";
import type { TableRights } from "@bulk/store/needed-rights";

/**
 * A thing that can be done to records. `type` is its stable name, spelled as on the wire; it is stored
 * with every bulk action, so it never changes once released. The change and its preview are made from the
 * same condition, so neither can say what the other does not.
 */
export type Action = ChunkEffect & {
  readonly type: string;
  /** What a worker's role must be allowed to do with tables for `change`, `condition` and `skipCode`. */
  readonly rights: TableRights;
};
