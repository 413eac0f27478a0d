import { NO_PROGRESS } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { nothingMatches, tooManyOpen } from "@bulk/domain/errors/refusals";
import type { RequestError } from "@bulk/domain/errors/request-error";
import type { Filter } from "@bulk/domain/filters/filter";
import { type Database, transactDirectly } from "../../database.ts";
import { type Sql, sql } from "../../sql.ts";
import type { BulkActionProgress } from "../../watching/bulk-action-progress.ts";
import { type Admission, hasRoom } from "../admission.ts";
import { COLUMNS } from "../columns.ts";
import {
  findReplay,
  KEY_COLUMNS,
  keyValues,
  marksKey,
  type Replay,
  replayFailed,
  unlessKeyIsTaken,
} from "../idempotency.ts";
import { insertChunks, slicesOfRows } from "../insert-chunks.ts";
import { KEPT_COLUMNS, keptValues } from "../restoring/kept-columns.ts";
import { type CountLimits, judgeCount, limitTime } from "./judge-count.ts";
import { idOrder, type Selection, selectIds } from "./selection.ts";

export type NewSelected = Admission &
  Selection &
  CountLimits & {
    readonly actionType: string;
    /** Stored, so that it is checked again when the records are changed. */
    readonly filter: Filter;
    readonly chunkSize: number;
    /** For how many days from now the bulk action can be restored; 0: not at all. */
    readonly restoreDays: number;
    /** Of the statement that selects and writes. */
    readonly writeTimeoutMs: number;
  };

export type SelectedCreation = { readonly kind: "created"; readonly bulkAction: BulkActionProgress } | Replay;

/**
 * Writes a bulk action over the records that match a filter now, in the order of their keys, or finds the one that its
 * idempotency key created before. One statement selects the ids, counts them and writes them into chunks: they never leave
 * the database, and a count that is refused leaves nothing.
 *
 * Throws what `createBulkAction` throws; `invalid` if no record matches, more than `maxRecords` or another number than
 * `expectedCount`; and SQLSTATE 57014 if it takes too long.
 */
export async function createSelected(database: Database, action: NewSelected): Promise<SelectedCreation> {
  // Before the records are selected: they may be gone since.
  const earlier = await findReplay(database, action);
  if (earlier !== undefined) return earlier;
  let row: SelectedRow | undefined;
  try {
    row = await writeSelected(database, action);
  } catch (error) {
    return await replayFailed(database, action, error);
  }
  if (row !== undefined && row.id !== null)
    return { kind: "created", bulkAction: { ...row, ...NO_PROGRESS } };
  const replay = await findReplay(database, action);
  if (replay === undefined) throw await findRefusal(database, action, row?.matchCount ?? 0);
  return replay;
}

type SelectedRow = (BulkAction | { readonly id: null }) & {
  /** At most one more than may be. */
  readonly matchCount: number;
};

async function writeSelected(database: Database, action: NewSelected): Promise<SelectedRow | undefined> {
  const { accountId, actionType, createdByTokenId = null, key, chunkSize, maxRecords } = action;
  const stored =
    key.type === "uuid" ? { uuids: sql`slice`, texts: sql`NULL` } : { uuids: sql`NULL`, texts: sql`slice` };
  const statement = sql`
    WITH selected AS MATERIALIZED (${selectIds(action, maxRecords + 1)}
    ),
    submitted AS MATERIALIZED (SELECT count(*)::int AS count FROM selected),
    bulk_action AS (
      INSERT INTO bulk.bulk_actions
        (account_id, action_type, record_count, filter, created_by_token_id, ${KEY_COLUMNS}, ${KEPT_COLUMNS})
      SELECT ${accountId}::uuid, ${actionType}, submitted.count, ${JSON.stringify(action.filter)}::jsonb,
             ${createdByTokenId}::uuid, ${keyValues(action)}, ${keptValues(action.restoreDays, sql`true`)}
      FROM submitted
      WHERE submitted.count BETWEEN 1 AND ${maxRecords} AND ${isExpected(action)}
        AND ${marksKey(action)} AND ${hasRoom(action)}
      ${unlessKeyIsTaken(action)}
      RETURNING *
    ),
    chunks AS (${insertChunks(slicesOfRows(chunkSize, idOrder(key.type)), stored)})
    SELECT submitted.count AS "matchCount", ${COLUMNS}
    FROM submitted LEFT JOIN bulk_action ON true`;
  const statements = [limitTime(action.writeTimeoutMs), statement];
  const [row] = await transactDirectly<SelectedRow>(database, statements, action.writeTimeoutMs + 2_000);
  return row;
}

function isExpected({ expectedCount }: NewSelected): Sql {
  return expectedCount === undefined ? sql`true` : sql`submitted.count = ${expectedCount}`;
}

async function findRefusal(
  database: Database,
  action: NewSelected,
  matchCount: number,
): Promise<RequestError> {
  const refusal = await judgeCount(database, action, matchCount);
  if (refusal !== undefined) return refusal;
  return matchCount === 0 ? nothingMatches() : tooManyOpen(action.maxOpen);
}
