import { NO_PROGRESS } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { notRestorable, tooManyOpen } from "@bulk/domain/errors/refusals";
import type { RequestError } from "@bulk/domain/errors/request-error";
import { type Database, queryDirectly } from "../../database.ts";
import { jsonOfTexts } from "../../record-ids/ids-json.ts";
import type { RecordIds } from "../../record-ids/read-record-ids.ts";
import { sql } from "../../sql.ts";
import { type Admission, hasRoom } from "../admission.ts";
import { COLUMNS } from "../columns.ts";
import { findReplay, KEY_COLUMNS, keyValues, marksKey, replayFailed } from "../idempotency.ts";
import { insertChunks, STORED_AS_BEFORE, slicesBySource } from "../insert-chunks.ts";
import { UNLISTED_IDS } from "../reading/find-bulk-action.ts";
import type { Retry } from "../retry-bulk-action.ts";
import { hasOpenRestore, restorableRecords } from "./restorable-records.ts";
import { judgeRestore, RESTORE_STATE, type RestoreState } from "./restore-state.ts";

export type NewRestore = Admission & {
  /** The bulk action whose records come back. */
  readonly id: string;
  /** The type of the action that takes it back. */
  readonly actionType: string;
  /** Only these records; `undefined`: all. */
  readonly recordIds: RecordIds | undefined;
  /** The ids are returned if there are at most so many; 0: never. Reading a hundred thousand takes a while. */
  readonly mostListed: number;
};

/**
 * Writes a new bulk action over the ids that an ended one has changed, in their order, a chunk for each of its chunks.
 * Leaves out ids that an earlier restore has brought back. It is one statement, in which the ids stay in the database.
 * Unique indexes decide between concurrent restores: `bulk_actions_open_restore`, and that of the idempotency key.
 *
 * Throws what `createBulkAction` throws, and the refusals of `notRestorable`.
 */
export async function restoreBulkAction(database: Database, restore: NewRestore): Promise<Retry> {
  let row: RestoreRow | undefined;
  try {
    row = await writeRestore(database, restore);
  } catch (error) {
    return await replayFailed(database, restore, error);
  }
  if (row !== undefined && row.id !== null) {
    const { recordIds, ...written } = row;
    const listed = recordIds !== null && { recordIds: jsonOfTexts(written.recordCount, [recordIds]) };
    return { kind: "created", bulkAction: { ...written, ...NO_PROGRESS, ...UNLISTED_IDS, ...listed } };
  }
  const replay = await findReplay(database, restore);
  if (replay === undefined) throw await findRefusal(database, restore, row);
  return replay;
}

async function findRefusal(
  database: Database,
  { id, maxOpen }: NewRestore,
  row: RestoreRow | undefined,
): Promise<RequestError> {
  const refusal = judgeRestore(row);
  if (refusal !== undefined) return refusal;
  // Another restore may have been written at the same moment, which the statement did not see.
  return (await hasOpenRestore(database, id)) ? notRestorable("in_progress") : tooManyOpen(maxOpen);
}

async function writeRestore(database: Database, restore: NewRestore): Promise<RestoreRow | undefined> {
  const [row] = await queryDirectly<RestoreRow>(
    database,
    sql`
    WITH ${restorableRecords(restore)},
    bulk_action AS (
      INSERT INTO bulk.bulk_actions
        (account_id, action_type, record_count, restore_of_id, created_by_token_id, ${KEY_COLUMNS})
      SELECT account_id, ${restore.actionType}, cardinality(ids), id, ${restore.createdByTokenId ?? null}::uuid,
             ${keyValues(restore)}
      FROM restorable, submitted WHERE cardinality(ids) > 0 AND foreign_count = 0 AND ${marksKey(restore)}
        AND ${hasRoom(restore)}
      ON CONFLICT DO NOTHING
      RETURNING *
    ),
    chunks AS (${insertChunks(slicesBySource, STORED_AS_BEFORE)})
    SELECT ${RESTORE_STATE},
           CASE WHEN bulk_action.record_count <= ${restore.mostListed}
                THEN array_to_json(submitted.ids)::text END AS "recordIds", ${COLUMNS}
    FROM parent CROSS JOIN submitted LEFT JOIN bulk_action ON true`,
  );
  return row;
}

type RestoreRow = (BulkAction | { readonly id: null }) &
  RestoreState & {
    /** A text for `parseIds`. */
    readonly recordIds: string | null;
  };
