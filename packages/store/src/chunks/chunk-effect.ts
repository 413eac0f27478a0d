import type { KeyType } from "@bulk/domain/keys/key-type";
import { joinSql, type Sql, sql } from "../sql.ts";

/**
 * What an action does to the records of a chunk, as pieces of SQL. Each piece may read the common table expression
 * `chunk_records (bulk_record_id, bulk_account_id, bulk_account_key)`: one row per record, sorted by id, so that
 * concurrent statements lock rows in the same order.
 */
export type ChunkEffect = {
  /** The table of the records. */
  readonly table: Sql;
  readonly key: RecordKey;
  readonly change: ChunkChange;
  /**
   * A condition over a row of the table and one of `chunk_records`: the record may be changed. It must be false for a
   * row that an update has changed, so that a second run changes nothing.
   */
  readonly condition: Sql;
  /**
   * A further condition that the record must meet before the change: it still matches the filter of the bulk action. The
   * change itself may end it.
   */
  readonly matches?: Sql;
  /** An expression for the skip code of a row of `chunk_records` that the effect did not apply to. */
  readonly skipCode: Sql;
  /** What happens to rows that go with the records that were changed; by default nothing. */
  readonly follow?: FollowUp;
  /** Where the condition finds the records, if not in the table. */
  readonly candidates?: Candidates;
  /** The rows that are kept for a restore, if the bulk action keeps any. */
  readonly keeps?: readonly KeptPart[];
};

/** Records that a restore may bring back. */
export type Candidates = {
  /** Named queries, in order: `name AS (…)`. They read `claimed (restore_of_id, source_position)`. */
  readonly queries: readonly Sql[];
  /** An item of a FROM clause with the alias of the table, and columns of the same names. */
  readonly from: Sql;
};

/** Rows of one table that a chunk's statement keeps. */
export type KeptPart = {
  /** `record`, or the name of the related rows. */
  readonly part: string;
  readonly table: Sql;
  /** The query of the statement that has them, as lines `bulk_kept`; null where none is to be kept. */
  readonly from: Sql;
};

/** The column whose values callers use as record ids, with its table, its bare name, and its type. */
export type RecordKey = { readonly type: KeyType; readonly column: Sql; readonly name: string };

/** How the rows change. */
export type ChunkChange =
  /** `keptLine`: a row as a line to be kept (`keptLine()`). */
  | { readonly kind: "delete"; readonly keptLine?: Sql }
  /** `set`: the assignments, which may read `claimed (bulk_action_id, bulk_moment)`. */
  | { readonly kind: "update"; readonly set: Sql }
  /** Inserts candidates. `columns` and their `values`; `onConflict`: what follows, such as ON CONFLICT DO NOTHING. */
  | { readonly kind: "insert"; readonly columns: Sql; readonly values: Sql; readonly onConflict: Sql };

/** What the statement does after it has changed the records, with the rows that go with them. */
export type FollowUp = {
  /** Columns of the records that the queries read from `applied`, beside `bulk_record_id`. */
  readonly columns: readonly Sql[];
  /** Named queries, in order: `name AS (…)`. They may read `applied` and, of the same columns, `changed`. */
  readonly queries: readonly Sql[];
  /** True if the queries changed every row that they found. Otherwise the statement must fail. */
  readonly isComplete: Sql;
  /** The tables that the queries change. */
  readonly changes: readonly TableChange[];
};

/** A change of rows of a table. */
export type TableChange = { readonly table: Sql; readonly change: Pick<ChunkChange, "kind"> };

/** Returns the changes of an effect: the records' first, then those of the rows that go with them. */
export function changesOf({ table, change, follow }: Pick<ChunkEffect, "table" | "change" | "follow">) {
  return [{ table, change }, ...(follow?.changes ?? [])];
}

/** The condition over a row of the table and one of `chunk_records` that the effect applies to it. */
export function isApplicable({ condition, matches }: Pick<ChunkEffect, "condition" | "matches">): Sql {
  return matches === undefined ? condition : joinSql([condition, matches], "\n        AND ");
}

/**
 * The statement that changes the rows. Returns the columns `bulk_record_id` and `bulk_is_applied`, which is false for a
 * row whose change a trigger of the database has undone, and those that the follow-up reads.
 */
export function applying(effect: ChunkEffect): Sql {
  const { table, key, change, condition, follow } = effect;
  const line = change.kind === "delete" && change.keptLine !== undefined ? [change.keptLine] : [];
  const columns = joinSql([sql`${key.column} AS bulk_record_id`, ...(follow?.columns ?? []), ...line], ", ");
  switch (change.kind) {
    case "delete":
      return sql`
      DELETE FROM ${table} USING chunk_records
      WHERE ${isApplicable(effect)}
      RETURNING ${columns}, true AS bulk_is_applied`;
    case "update":
      return sql`
      UPDATE ${table} SET
        ${change.set}
      FROM chunk_records
      WHERE ${isApplicable(effect)}
      RETURNING ${columns}, (
        ${condition}) IS NOT TRUE AS bulk_is_applied`;
    case "insert":
      return sql`
      INSERT INTO ${table} (${change.columns}) OVERRIDING SYSTEM VALUE
      SELECT ${change.values}
      FROM ${recordsOf(effect)} CROSS JOIN chunk_records
      WHERE ${isApplicable(effect)}
      ${change.onConflict}
      RETURNING ${columns}, true AS bulk_is_applied`;
  }
}

/** The column `bulk_kept`: a row with this alias as PostgreSQL writes a composite value; null if nothing is to be kept. */
export function keptLine(alias: Sql): Sql {
  return sql`CASE WHEN (SELECT claimed.kept_slot FROM claimed) IS NOT NULL THEN (${alias}.*)::text END AS bulk_kept`;
}

/** The named queries of the candidates, each with a comma after it. */
export function findingCandidates({ candidates }: Pick<ChunkEffect, "candidates">): Sql {
  return listed(candidates?.queries ?? []);
}

/** Where the condition of an effect finds its records. */
export function recordsOf({ table, candidates }: Pick<ChunkEffect, "table" | "candidates">): Sql {
  return candidates?.from ?? table;
}

/** The named queries of the follow-up, each with a comma after it. */
export function following({ follow }: ChunkEffect): Sql {
  return listed(follow?.queries ?? []);
}

function listed(queries: readonly Sql[]): Sql {
  return joinSql(
    queries.map((query) => sql`${query},`),
    "\n    ",
  );
}

/**
 * A further condition of the statement's end, which fails the statement if related rows were kept: a trigger, a policy
 * or another session has prevented their change. PostgreSQL evaluates it after it has run the queries it reads.
 */
export function refusingIncomplete({ follow }: ChunkEffect): Sql {
  if (follow === undefined) return sql``;
  return sql`AND CASE WHEN ${follow.isComplete} THEN true ELSE bulk.refuse('related rows kept') END`;
}
