import type { ChunkEffect } from "../../chunks/chunk-effect.ts";
import { type Database, transactDirectly } from "../../database.ts";
import { findChangeRules } from "../../inspection/change-rules.ts";
import { beginPreview, type Preview } from "../../records/preview.ts";
import { sql } from "../../sql.ts";
import { type CountLimits, judgeCount } from "./judge-count.ts";
import { idOrder, type Selection, selectIds } from "./selection.ts";

/** What an action would do now to the records that match a filter. */
export type SelectedPreview = Preview & {
  /** How many records match. */
  readonly total: number;
  /** The first of their ids, in the order of the keys. */
  readonly sample: readonly string[];
};

/** Enough to see which records a filter means. */
const MOST_SAMPLE_IDS = 100;

/**
 * Previews an action on the records that match a filter: one statement in a read-only transaction, which locks nothing.
 * Throws the refusals of `judgeCount`, and SQLSTATE 57014 if it takes longer than `timeoutMs`.
 */
export async function previewSelected(
  database: Database,
  effect: ChunkEffect,
  selection: Selection & CountLimits,
): Promise<SelectedPreview> {
  const rules = await findChangeRules(database, [effect]);
  const code = sql`, ${selection.skipCode} AS code`;
  const [found] = await transactDirectly<Omit<SelectedPreview, "rules">>(database, [
    beginPreview(selection.timeoutMs),
    sql`
        WITH selected AS MATERIALIZED (${selectIds(selection, selection.maxRecords + 1, code)}
        ),
        skips AS (SELECT code, count(*)::int AS count FROM selected WHERE code IS NOT NULL GROUP BY code)
        SELECT (SELECT count(*)::int FROM selected) AS total,
               ARRAY(SELECT id::text FROM selected ORDER BY ${idOrder(selection.key.type)} LIMIT ${MOST_SAMPLE_IDS}) AS sample,
               (SELECT COALESCE(json_agg(json_build_object('code', code, 'count', count)
                                         ORDER BY count DESC, code), '[]') FROM skips) AS skips`,
  ]);
  if (found === undefined) throw new Error("A preview has one row.");
  const refusal = await judgeCount(database, selection, found.total);
  if (refusal !== undefined) throw refusal;
  return { ...found, rules };
}
