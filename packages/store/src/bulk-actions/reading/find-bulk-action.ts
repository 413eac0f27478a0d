import type { Progress } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { type Database, queryDirectly } from "../../database.ts";
import { listedIds, RECORD_IDS } from "../../record-ids/chunk-ids.ts";
import { type IdsJson, jsonOfTexts, NO_IDS_JSON } from "../../record-ids/ids-json.ts";
import { sql, textArray } from "../../sql.ts";
import { attachProgress } from "../../watching/bulk-action-progress.ts";
import { COLUMNS } from "../columns.ts";
import { CHUNK_WEIGHT } from "./weigh-ids.ts";

/** The ids of a bulk action. */
export type ListedIds = {
  /** As submitted, in order, duplicates dropped. */
  readonly recordIds: IdsJson;
  /** The ids skipped so far, in the same order. */
  readonly skippedIds: IdsJson;
};

/** A bulk action with its progress and its ids, as callers see it. */
export type BulkActionWithRecords = BulkAction & Progress & ListedIds;

/** Stands for the ids of a bulk action that has more than one response may list. They are in its records. */
export const UNLISTED_IDS: ListedIds = { recordIds: NO_IDS_JSON, skippedIds: NO_IDS_JSON };

/**
 * Finds the account's bulk action of this id, with its ids if there are at most `mostListed`, otherwise `UNLISTED_IDS`.
 *
 * @param beforeIds called with the weight of the ids (`IdWeight`) before they are read; its error ends the search
 */
export async function findBulkAction(
  database: Database,
  accountId: string,
  id: string,
  mostListed: number,
  beforeIds?: (weight: number) => Promise<void>,
): Promise<BulkActionWithRecords | undefined> {
  const rows = await database.$queryRaw<(BulkAction & { idWeight: number })[]>`
    SELECT ${COLUMNS}, (
      SELECT COALESCE(sum(${CHUNK_WEIGHT}), 0)::int FROM bulk.bulk_action_chunks chunk
      WHERE chunk.bulk_action_id = bulk_action.id) AS "idWeight"
    FROM bulk.bulk_actions bulk_action
    WHERE bulk_action.account_id = ${accountId}::uuid AND bulk_action.id = ${id}::uuid`;
  const listed = rows.find(({ recordCount }) => recordCount <= mostListed);
  if (listed !== undefined) await beforeIds?.(listed.idWeight);
  const [bulkAction] = await attachRecords(database, rows, mostListed);
  return bulkAction;
}

/** Finds the action type of the account's bulk action of this id. */
export async function findActionType(
  database: Database,
  accountId: string,
  id: string,
): Promise<string | undefined> {
  const [row] = await database.$queryRaw<{ actionType: string }[]>`
    SELECT action_type AS "actionType" FROM bulk.bulk_actions
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`;
  return row?.actionType;
}

/**
 * Adds submitted and skipped ids and the counts to bulk actions, in the order given. Those with more than `mostListed` ids
 * get `UNLISTED_IDS`, and are absent if they are gone.
 */
export async function attachRecords(
  database: Database,
  bulkActions: readonly BulkAction[],
  mostListed: number,
): Promise<readonly BulkActionWithRecords[]> {
  const long = bulkActions.filter(({ recordCount }) => recordCount > mostListed);
  const short = bulkActions.filter(({ recordCount }) => recordCount <= mostListed);
  const progress = long.length === 0 ? [] : await attachProgress(database, long);
  const attached = [
    ...(await attachIds(database, short)),
    ...progress.map((found) => ({ ...found, ...UNLISTED_IDS })),
  ];
  const byId = new Map(attached.map((bulkAction) => [bulkAction.id, bulkAction]));
  return bulkActions.flatMap(({ id }) => byId.get(id) ?? []);
}

// One query reads ids and counts, so they agree.
async function attachIds(
  database: Database,
  bulkActions: readonly BulkAction[],
): Promise<readonly BulkActionWithRecords[]> {
  if (bulkActions.length === 0) return [];
  const ids = textArray(bulkActions.map((bulkAction) => bulkAction.id));
  const chunks = await queryDirectly<ChunkRecords>(
    database,
    sql`
    SELECT bulk_action_id AS "bulkActionId", ${RECORD_IDS} AS "recordIds",
           ${listedIds(sql`chunk.skipped_ids`)} AS "skippedIds",
           record_count AS count, deleted_count AS applied, skipped_count AS skipped, failed_count AS failed,
           progressed_at AS "progressedAt"
    FROM bulk.bulk_action_chunks chunk
    WHERE bulk_action_id = ANY(${ids}::uuid[])
    ORDER BY bulk_action_id, position`,
  );
  const chunksByAction = Map.groupBy(chunks, (chunk) => chunk.bulkActionId);
  return bulkActions.map((bulkAction) => ({
    ...bulkAction,
    ...joinChunks(chunksByAction.get(bulkAction.id) ?? []),
  }));
}

/** Ids are texts for `jsonOfTexts`. */
type ChunkRecords = {
  readonly bulkActionId: string;
  readonly count: number;
  readonly recordIds: string;
  readonly skippedIds: string;
  readonly applied: number;
  readonly skipped: number;
  readonly failed: number;
  readonly progressedAt: Date | null;
};

function joinChunks(chunks: readonly ChunkRecords[]) {
  const total = (count: "count" | "applied" | "skipped" | "failed") =>
    chunks.reduce((sum, chunk) => sum + chunk[count], 0);
  const skipped = total("skipped");
  return {
    recordIds: jsonOfTexts(
      total("count"),
      chunks.map((chunk) => chunk.recordIds),
    ),
    skippedIds: jsonOfTexts(
      skipped,
      chunks.map((chunk) => chunk.skippedIds),
    ),
    applied: total("applied"),
    skipped,
    failed: total("failed"),
    lastProgressAt: chunks.reduce<Date | null>(
      (latest, { progressedAt }) => later(latest, progressedAt),
      null,
    ),
  };
}

function later(one: Date | null, other: Date | null): Date | null {
  return one === null || (other !== null && other > one) ? other : one;
}
