import { NO_PROGRESS } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { tooManyOpen } from "@bulk/domain/errors/refusals";
import { type Queryable, queryDirectly } from "../database.ts";
import { jsonOfRecordIds, NO_IDS_JSON } from "../record-ids/ids-json.ts";
import type { RecordIds } from "../record-ids/read-record-ids.ts";
import { sql } from "../sql.ts";
import { type Admission, hasRoom } from "./admission.ts";
import { COLUMNS } from "./columns.ts";
import {
  findReplay,
  KEY_COLUMNS,
  keyValues,
  marksKey,
  type Replay,
  replayFailed,
  unlessKeyIsTaken,
} from "./idempotency.ts";
import { insertChunks, slicesOf } from "./insert-chunks.ts";
import type { BulkActionWithRecords } from "./reading/find-bulk-action.ts";
import { KEPT_COLUMNS, keptValues } from "./restoring/kept-columns.ts";

export type NewBulkAction = Admission & {
  readonly actionType: string;
  readonly recordIds: RecordIds;
  readonly chunkSize: number;
  /** For how many days from now the bulk action can be restored; 0: not at all. */
  readonly restoreDays: number;
};

/** A bulk action that is durable and will reach a terminal status, or one that an earlier request created. */
export type Creation = { readonly kind: "created"; readonly bulkAction: BulkActionWithRecords } | Replay;

/**
 * Writes a bulk action and its chunks in one statement, or finds the one that its idempotency key created before.
 * Throws `limited` if the account has too many open, `invalid` or `conflict` for a key in other use, and `unavailable`
 * if the database does not say whether it was created.
 */
export async function createBulkAction(database: Queryable, action: NewBulkAction): Promise<Creation> {
  const { accountId, actionType, createdByTokenId = null, recordIds, chunkSize } = action;
  const [submitted, stored] =
    recordIds.type === "uuid"
      ? [sql`${recordIds.encoded}::uuid[]`, { uuids: sql`slice`, texts: sql`NULL` }]
      : [sql`${recordIds.encoded}::text[]`, { uuids: sql`NULL`, texts: sql`slice` }];
  let row: BulkAction | undefined;
  try {
    [row] = await queryDirectly<BulkAction>(
      database,
      sql`
    WITH bulk_action AS (
      INSERT INTO bulk.bulk_actions
        (account_id, action_type, record_count, created_by_token_id, ${KEY_COLUMNS}, ${KEPT_COLUMNS})
      SELECT ${accountId}::uuid, ${actionType}, ${recordIds.count}, ${createdByTokenId}::uuid, ${keyValues(action)},
             ${keptValues(action.restoreDays, sql`true`)}
      WHERE ${marksKey(action)} AND ${hasRoom(action)}
      ${unlessKeyIsTaken(action)}
      RETURNING *
    ),
    submitted AS MATERIALIZED (SELECT ${submitted} AS ids),
    chunks AS (${insertChunks(slicesOf(chunkSize), stored)})
    SELECT ${COLUMNS} FROM bulk_action`,
    );
  } catch (error) {
    return await replayFailed(database, action, error);
  }
  if (row !== undefined) {
    const ids = { recordIds: jsonOfRecordIds(recordIds), skippedIds: NO_IDS_JSON };
    return { kind: "created", bulkAction: { ...row, ...NO_PROGRESS, ...ids } };
  }
  const replay = await findReplay(database, action);
  if (replay === undefined) throw tooManyOpen(action.maxOpen);
  return replay;
}
