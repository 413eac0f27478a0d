import type { KeyType } from "@bulk/domain/keys/key-type";
import type { RecordKey } from "../../chunks/chunk-effect.ts";
import { type Sql, sql } from "../../sql.ts";

/** The records of an account that match a filter. */
export type Selection = {
  readonly table: Sql;
  readonly key: RecordKey;
  /** The condition over a row of the table that its record exists, is the account's and matches. */
  readonly selects: Sql;
  /** An expression over such a row: the code with which the action would skip it, or null. */
  readonly skipCode: Sql;
};

/**
 * A query of the records that match, in no order: their ids (`id`), as chunks store them.
 *
 * @param most how many at most; by default all
 * @param columns further columns, with a comma before each
 */
export function selectIds({ table, key, selects }: Selection, most?: number, columns = sql``): Sql {
  return sql`
      SELECT ${storedId(key)} AS id${columns}
      FROM ${table}
      WHERE ${selects}
      ${most === undefined ? sql`` : sql`LIMIT ${most}`}`;
}

function storedId({ type, column }: RecordKey): Sql {
  return type === "uuid" ? column : sql`${column}::text`;
}

/** The order of ids that were selected: that of their keys. */
export function idOrder(type: KeyType): Sql {
  switch (type) {
    case "uuid":
      return sql`id`;
    case "text":
      return sql`id COLLATE "C"`;
    case "smallint":
    case "integer":
    case "bigint":
      return sql`id::bigint`;
  }
}
