import { type Sql, sql } from "@bulk/store/sql";
import type { Variant } from "./gated-database.ts";

/** The service as it is, except that no careful try waits a quarter of a second for a lock. */
export const asBuilt: Variant = replacing("lock_timeout = 250", "lock_timeout = 20");

/** The service, broken on purpose in one place; what is broken is the name. */
export const MUTANTS: ReadonlyMap<string, Variant> = new Map<string, Variant>([
  ["records are deleted in one transaction and their outcomes written in another", inTwoTransactions],
  [
    "records of other accounts are deleted",
    replacing("AND products.account_id = chunk_records.account_id\n", "\n"),
  ],
  ["a chunk is claimed without its lock", replacing("FOR UPDATE OF chunk SKIP LOCKED", "")],
  [
    "a turn of an old generation works on",
    replacing("bulk_action.generation = ", "bulk_action.generation >= "),
  ],
  ["a slice begins at the front of its chunk", replacing("free.done_count + 1", "0 * free.done_count + 1")],
  ["a bulk action is settled while chunks are open", replacing("AND tally.unfinished = 0", "")],
  ["a bulk action is settled twice", replacing("status IN ('pending', 'processing') AND tally", "tally")],
  ["failed records do not count for the status", replacing("tally.failed > 0", "tally.failed < 0")],
  ["what a trigger keeps is called not found", replacing("'record.kept'", "'record.not_found'")],
  [
    "records in use do not count for the status",
    replacing("AND NOT skipped_codes <@", "AND false AND '{}'::text[] <@"),
  ],
  [
    "the sweeper does not raise the generation",
    replacing("generation = generation + 1", "generation = generation"),
  ],
  [
    "the sweeper starts nothing again",
    replacing("'processing') AND cancel_requested_at IS NULL\n", "'processing') AND false\n"),
  ],
  ["a pause is not obeyed", replacing("  scope = 'all'", "  scope = 'none'")],
  ["chunks are begun after a cancel", replacing("AND bulk_action.cancel_requested_at IS NULL", "")],
  ["what a cancel left over does not count for the status", replacing("OR tally.done < record_count", "")],
  ["the sweeper does not settle what is canceled", replacing("(cancel_requested_at IS NOT NULL", "(false")],
  [
    "a canceled bulk action ends while a chunk is under work",
    replacing("tally.unfinished = 0", "(tally.unfinished = 0 OR cancel_requested_at IS NOT NULL)"),
  ],
]);

function replacing(from: string, to: string): Variant {
  return (run) => (statement) => run(edit(statement, (piece) => piece.replace(from, to)));
}

function inTwoTransactions(run: Parameters<Variant>[0]): ReturnType<Variant> {
  return async (statement) => {
    if (!statement.text.includes("WITH claimed AS")) return await run(statement);
    const effect = edit(statement, (piece) =>
      piece.replace(/,\s+deleted AS[\s\S]*/, "SELECT id FROM applied"),
    );
    const rows = await run<{ id: string }[]>(effect);
    const ids = `'{${rows.map(({ id }) => id).join(",")}}'::uuid[]`;
    const applied = `applied AS (SELECT unnest(${ids}) AS id), deleted AS`;
    return await run(
      edit(statement, (piece) => piece.replace(/applied AS \([\s\S]*?\),\s+deleted AS/, applied)),
    );
  };
}

function edit(statement: Sql, change: (piece: string) => string): Sql {
  return sql(statement.strings.map(change), ...statement.values);
}
