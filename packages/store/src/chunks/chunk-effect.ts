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
  /** An expression for the skip code of a row of `chunk_records` that the effect did not apply to. */
  readonly skipCode: Sql;
  /** What happens to rows that go with the records that were changed; by default nothing. */
  readonly follow?: FollowUp;
};

/** The column whose values callers use as record ids, with its table, and its type. */
export type RecordKey = { readonly type: KeyType; readonly column: Sql };

/** How the rows change. `set`: the assignments of an UPDATE, which may read `claimed (bulk_action_id, bulk_moment)`. */
export type ChunkChange = { readonly kind: "delete" } | { readonly kind: "update"; readonly set: Sql };

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

/**
 * The statement that changes the rows. Returns the columns `bulk_record_id` and `bulk_is_applied`, which is false for a
 * row whose change a trigger of the database has undone, and those that the follow-up reads.
 */
export function applying({ table, key, change, condition, follow }: ChunkEffect): Sql {
  const columns = joinSql([sql`${key.column} AS bulk_record_id`, ...(follow?.columns ?? [])], ", ");
  switch (change.kind) {
    case "delete":
      return sql`
      DELETE FROM ${table} USING chunk_records
      WHERE ${condition}
      RETURNING ${columns}, true AS bulk_is_applied`;
    case "update":
      return sql`
      UPDATE ${table} SET
        ${change.set}
      FROM chunk_records
      WHERE ${condition}
      RETURNING ${columns}, (
        ${condition}) IS NOT TRUE AS bulk_is_applied`;
  }
}

/** The named queries of the follow-up, each with a comma after it. */
export function following({ follow }: ChunkEffect): Sql {
  return joinSql(
    (follow?.queries ?? []).map((query) => sql`${query},`),
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
