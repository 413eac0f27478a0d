import { countProcessed } from "@bulk/domain/action-outcome";
import { explain } from "@bulk/domain/outcome";
import { unixSeconds } from "@bulk/domain/unix-seconds";
import type { BulkActionProgress } from "@bulk/store/bulk-action-progress";
import type { RecordIds } from "@bulk/store/bulk-actions";
import type { DeletionRule } from "@bulk/store/inspection/deletion-rules";
import type { Preview } from "@bulk/store/preview";
import type { ActionRecord } from "@bulk/store/records";
import type { NewBulkAction } from "./new-bulk-action.ts";
import type {
  CursorPagination,
  Pagination,
  WirePreview,
  WireProgress,
  WireRecord,
  WireSparseBulkAction,
} from "./wire.ts";

/** The wire object: exactly the eight keys of the base contract, in their order; without ids, if it has none. */
export function presentBulkAction(bulkAction: BulkActionProgress & Partial<RecordIds>): WireSparseBulkAction {
  return {
    id: bulkAction.id,
    object: "bulk_action",
    action_type: bulkAction.actionType,
    record_ids: bulkAction.recordIds,
    skipped_record_ids: bulkAction.skippedIds,
    status: bulkAction.status,
    created_at: unixSeconds(bulkAction.createdAt),
    updated_at: unixSeconds(bulkAction.updatedAt),
  };
}

/** What the events of a bulk action tell. */
export function presentProgress(progress: BulkActionProgress): WireProgress {
  return {
    id: progress.id,
    status: progress.status,
    total: progress.recordCount,
    processed: countProcessed(progress),
    deleted: progress.deleted,
    skipped: progress.skipped,
    failed: progress.failed,
  };
}

/** What a bulk action would do, from what it would skip. */
export function presentPreview(
  { actionType, recordIds }: NewBulkAction,
  { skips, rules }: Preview,
): WirePreview {
  const skipped = skips.reduce((sum, { count }) => sum + count, 0);
  const total = recordIds.ids.length;
  return {
    object: "bulk_action_preview",
    action_type: actionType,
    total,
    applicable: total - skipped,
    skipped,
    reasons: skips.map(({ code, count }) => ({ code, message: explain(code).message, count })),
    warnings: PREVIEW_WARNINGS.filter(({ kind }) => rules.some((rule) => rule.kind === kind)).map(
      ({ code, message }) => ({ code, message }),
    ),
  };
}

type PreviewWarning = Pick<DeletionRule, "kind"> & WirePreview["warnings"][number];

// Without their names, which are nobody's business but the operator's: `pnpm admin doctor` has them.
const PREVIEW_WARNINGS: readonly PreviewWarning[] = [
  {
    kind: "trigger",
    code: "database.trigger",
    message:
      "A trigger of the database runs before each deletion. It may keep records that count as applicable here.",
  },
  {
    kind: "rule",
    code: "database.rule",
    message: "A rule of the database replaces deletions. Records that count as applicable here will fail.",
  },
  {
    kind: "policy",
    code: "database.policy",
    message: "Row security of the database is in force. It may keep records that count as applicable here.",
  },
];

/** What became of one record. */
export function presentRecord({ recordId, position, outcome, code }: ActionRecord): WireRecord {
  const { message, retriable } = code === undefined ? NO_REASON : explain(code);
  return {
    object: "bulk_action_record",
    record_id: recordId,
    position,
    outcome,
    code: code ?? null,
    message,
    retriable,
  };
}

const NO_REASON = { message: null, retriable: false } as const;

/** A list whose page is in memory already. */
export function presentPage<Item>(pagination: Pagination | CursorPagination, data: readonly Item[]) {
  return { object: "list", pagination, data } as const;
}

/** The envelope of a list, piece by piece, so that a page of long lists of ids is never whole in memory. */
export async function* presentList(
  pagination: Pagination,
  items: AsyncIterable<unknown>,
): AsyncGenerator<string> {
  let before = `{"object":"list","pagination":${JSON.stringify(pagination)},"data":[`;
  for await (const item of items) {
    yield before + JSON.stringify(item);
    before = ",";
  }
  yield before === "," ? "]}" : `${before}]}`;
}
