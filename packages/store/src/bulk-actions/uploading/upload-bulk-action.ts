import { NO_PROGRESS } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { nothingUploaded, tooManyOpen } from "@bulk/domain/errors/refusals";
import type { KeyType } from "@bulk/domain/keys/key-type";
import { type Database, inTransaction, type Query } from "../../database.ts";
import type { RecordIds } from "../../record-ids/read-record-ids.ts";
import { sql } from "../../sql.ts";
import { isUniqueViolation, mayHaveHappened } from "../../sqlstate.ts";
import { type Admission, hasRoom } from "../admission.ts";
import { COLUMNS } from "../columns.ts";
import type { Creation } from "../create-bulk-action.ts";
import {
  findReplay,
  type IdempotencyKey,
  isKeyTaken,
  KEY_COLUMNS,
  keyValues,
  marksKey,
  replayFailed,
} from "../idempotency.ts";
import { UNLISTED_IDS } from "../reading/find-bulk-action.ts";
import { KEPT_COLUMNS, keptValues } from "../restoring/kept-columns.ts";
import { keepFirst, writeIds } from "./write-ids.ts";

export type NewUpload = Omit<Admission, "idempotencyKey"> & {
  readonly actionType: string;
  readonly keyType: KeyType;
  readonly chunkSize: number;
  /** For how many days from now the bulk action can be restored; 0: not at all. */
  readonly restoreDays: number;
  /** Its fingerprint is known after the last id. */
  readonly idempotencyKey: Omit<IdempotencyKey, "fingerprint"> | undefined;
};

/** The ids of an upload as they arrive. An id may repeat, also one of an earlier batch. */
export type Upload = {
  /** Throws to end the upload. A batch without ids says that the sender is alive. A batch is used before the next is asked for. */
  readonly batches: AsyncIterable<RecordIds>;
  /** Called after the last batch: the fingerprint of the whole request. */
  readonly fingerprint: () => Uint8Array;
};

/**
 * Writes a bulk action from ids that arrive one batch after the other, all in one transaction: nobody sees anything of it
 * before the last id has come, and nothing is left if a batch cannot be had, or if this process dies. Drops ids that repeat an
 * earlier one. Or finds the bulk action that the idempotency key created before, after reading all batches.
 *
 * Throws what `createBulkAction` throws, and what the batches throw.
 *
 * @param uploads a pool of its own, because a connection is taken for as long as the ids arrive
 */
export async function uploadBulkAction(
  uploads: Database,
  action: NewUpload,
  upload: Upload,
): Promise<Creation> {
  const keyed = () => ({
    accountId: action.accountId,
    idempotencyKey: action.idempotencyKey && { ...action.idempotencyKey, fingerprint: upload.fingerprint() },
  });
  if (await isKeyTaken(uploads, action)) {
    for await (const _ of upload.batches);
    const replay = await findReplay(uploads, keyed());
    // Pruned meanwhile.
    if (replay === undefined) throw nothingUploaded();
    return replay;
  }
  let isWritten = false;
  try {
    const bulkAction = await inTransaction(uploads, async (query) => {
      const written = await write(query, action, upload, keyed);
      isWritten = true;
      return written;
    });
    return { kind: "created", bulkAction: { ...bulkAction, ...NO_PROGRESS, ...UNLISTED_IDS } };
  } catch (error) {
    // Before the commit nothing can have happened, whatever the connection says.
    if (!isWritten && mayHaveHappened(error)) throw Object.assign(nothingUploaded(), { cause: error });
    const replay = isUniqueViolation(error) ? await findReplay(uploads, keyed()) : undefined;
    return replay ?? (await replayFailed(uploads, keyed(), error));
  }
}

async function write(
  query: Query,
  action: NewUpload,
  { batches }: Upload,
  keyed: () => Pick<Admission, "accountId" | "idempotencyKey">,
): Promise<BulkAction> {
  const id = await openDraft(query, action);
  if (id === undefined) throw tooManyOpen(action.maxOpen);
  let count = 0;
  for await (const batch of batches) {
    if (batch.count === 0) await query(sql`SELECT`);
    else await writeIds(query, { id, position: count, chunkSize: action.chunkSize }, batch);
    count += batch.count;
  }
  const distinct = await keepFirst(query, { id, count, ...action });
  return await complete(query, action, distinct, keyed());
}

/** Writes the row that the chunks need. `undefined`: the account may open no more. */
async function openDraft(query: Query, action: NewUpload): Promise<string | undefined> {
  const [draft] = await query<{ id: string }>(sql`
    INSERT INTO bulk.bulk_actions (account_id, action_type, record_count)
    SELECT ${action.accountId}::uuid, ${action.actionType}, 0 WHERE ${hasRoom(action)}
    RETURNING id`);
  return draft?.id;
}

// The draft has the time when the transaction began; who lists by time expects that of the commit.
async function complete(
  query: Query,
  { createdByTokenId, restoreDays }: NewUpload,
  { id, count }: { readonly id: string; readonly count: number },
  keyed: Pick<Admission, "accountId" | "idempotencyKey">,
): Promise<BulkAction> {
  const [row] = await query<BulkAction>(sql`
    UPDATE bulk.bulk_actions AS bulk_action SET record_count = ${count}, created_by_token_id = ${createdByTokenId ?? null}::uuid,
      created_at = clock_timestamp(), updated_at = clock_timestamp(),
      (${KEY_COLUMNS}) = (SELECT ${keyValues(keyed)}),
      (${KEPT_COLUMNS}) = (SELECT ${keptValues(restoreDays, sql`true`)})
    WHERE id = ${id}::uuid AND account_id = ${keyed.accountId}::uuid AND ${marksKey(keyed)}
    RETURNING ${COLUMNS}`);
  if (row === undefined) throw new Error("The bulk action of an upload is gone from its own transaction.");
  return row;
}
