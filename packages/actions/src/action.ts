import type { RecordEffect } from "@bulk/domain/bulk-actions/record-effect";
import type { ChunkEffect } from "@bulk/store/chunks/chunk-effect";
import type { TableRights } from "@bulk/store/rights/needed-rights";

/**
 * Something that can be done to records: what it does in SQL (`ChunkEffect`) and in words (`RecordEffect`). Everything
 * that is said of an action elsewhere derives from this: events, outcomes, metrics, grants, previews, the reference.
 * Change and preview are made from the same condition, so they cannot contradict each other.
 */
export type Action = ChunkEffect &
  RecordEffect & {
    /** Its name on the wire. Stored with every bulk action, so it never changes once released. */
    readonly type: string;
    /** Its records have no account: it is refused while there are several. Its condition must check that as well. */
    readonly needsOneAccount?: true;
    /** The rights on tables that its SQL needs. */
    readonly rights: TableRights;
  };
