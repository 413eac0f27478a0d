import { createHash } from "node:crypto";
import { effectWord, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { RequestError } from "@bulk/domain/errors/request-error";
import type { Database } from "../database.ts";
import { CSV_HEADER, csvLine, csvOfPruned } from "../records/record-lines.ts";
import { walkRecords } from "../records/walk-records.ts";
import { type Sql, sql } from "../sql.ts";
import { keepAudit } from "./audit.ts";

/** The most bulk actions that one statement prunes; the rest is left to the next. */
const MOST_ACTIONS = 500;

/**
 * About how many ids one statement prunes, and the most ids of one of its bulk actions. The text of more would take too long
 * to write, and longer ids would not fit into a value of PostgreSQL.
 */
const MOST_RECORDS = 200_000;

/**
 * Deletes some bulk actions that ended more than `retentionDays` ago, with the rows they have kept, and writes their audit
 * entries in the same statement. Spares those of which a restore is open, and leaves large ones to `pruneLarge`. Returns how
 * many it deleted.
 */
export async function pruneEnded(
  database: Database,
  retentionDays: number,
  effects: RecordEffects,
): Promise<number> {
  return await database.$executeRaw`
    WITH old AS MATERIALIZED (
      SELECT id, record_count, finished_at FROM bulk.bulk_actions
      WHERE ${isOver(retentionDays)} AND record_count <= ${MOST_RECORDS}
      ORDER BY finished_at LIMIT ${MOST_ACTIONS}
      FOR UPDATE SKIP LOCKED
    ),
    few AS (SELECT id, sum(record_count) OVER (ORDER BY finished_at, id) - record_count AS before FROM old),
    pruned AS (
      DELETE FROM bulk.bulk_actions USING few
      WHERE bulk_actions.id = few.id AND few.before < ${MOST_RECORDS}
      RETURNING bulk_actions.*
    ),
    ${dropKeptRows}
    ${keepAudit(sql`sha256(convert_to((${csvOfPruned(effects)}), 'UTF8'))`)}`;
}

/**
 * Prunes one bulk action that is too large for `pruneEnded`, if there is one: reads all of its records to compute the digest,
 * a few chunks at a time, which takes seconds for each million, then deletes it. Ends early when `stopping` is aborted, or
 * when another process has pruned it. Returns how many it deleted.
 */
export async function pruneLarge(
  database: Database,
  retentionDays: number,
  effects: RecordEffects,
  stopping: AbortSignal,
): Promise<number> {
  const [large] = await database.$queryRaw<LargeAction[]>`
    SELECT id, account_id AS "accountId", action_type AS "actionType" FROM bulk.bulk_actions
    WHERE ${isOver(retentionDays)} AND record_count > ${MOST_RECORDS}
    ORDER BY finished_at LIMIT 1`;
  const digest =
    large && (await digestRecords(database, large, effectWord(effects, large.actionType), stopping));
  if (digest === undefined) return 0;
  return await database.$executeRaw`
    WITH pruned AS (
      DELETE FROM bulk.bulk_actions WHERE id = ${large?.id}::uuid AND ${isOver(retentionDays)} RETURNING *
    ),
    ${dropKeptRows}
    ${keepAudit(sql`decode(${digest}, 'hex')`)}`;
}

type LargeAction = { readonly id: string; readonly accountId: string; readonly actionType: string };

/** A condition over a row of `bulk_actions`. */
function isOver(retentionDays: number): Sql {
  return sql`finished_at < now() - make_interval(days => ${retentionDays})
        AND NOT EXISTS (SELECT FROM bulk.bulk_actions restore
                        WHERE restore.restore_of_id = bulk_actions.id AND restore.status IN ('pending', 'processing'))`;
}

const dropKeptRows = sql`unkept AS (
      DELETE FROM bulk.kept_rows USING pruned
      WHERE kept_rows.slot = pruned.kept_slot AND kept_rows.bulk_action_id = pruned.id
    )`;

// An ended bulk action does not change any more. Nothing is held in the database between two steps.
async function digestRecords(
  database: Database,
  { accountId, id }: LargeAction,
  effect: string,
  stopping: AbortSignal,
): Promise<string | undefined> {
  const digest = createHash("sha256").update(CSV_HEADER);
  try {
    for await (const records of walkRecords(database, accountId, id, { outcomes: undefined, from: 0 })) {
      if (stopping.aborted) return undefined;
      digest.update(records.map((record) => csvLine(record, effect)).join(""));
    }
  } catch (error) {
    if (error instanceof RequestError && error.kind === "not_found") return undefined;
    throw error;
  }
  return digest.digest("hex");
}
