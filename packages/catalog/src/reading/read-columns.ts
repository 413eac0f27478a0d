import type { FilterType } from "@bulk/domain/filters/filter";
import type { KeyType } from "@bulk/domain/keys/key-type";
import type { Queryable } from "@bulk/store/database";

/** A column of a table. */
export type Column = {
  readonly name: string;
  /** Quoted where necessary. */
  readonly quoted: string;
  /** As SQL spells it: `character varying(255)`. */
  readonly type: string;
  /** The type of a key that this column can be; null if it cannot. */
  readonly keyType: KeyType | null;
  /** The type by which a filter can compare it; null if it cannot. */
  readonly filterType: FilterType | null;
  /** A date with or without a time. */
  readonly isMoment: boolean;
  readonly isNullable: boolean;
  readonly isGenerated: boolean;
  readonly isIdentity: boolean;
  /** The name of a collation under which different strings may be equal; null otherwise. */
  readonly looseCollation: string | null;
};

/** Returns the columns of a table in their order. */
export async function readColumns(database: Queryable, tableId: string): Promise<readonly Column[]> {
  const rows = await database.$queryRaw<ColumnRow[]>`
    SELECT attname::text AS name, quote_ident(attname) AS quoted, format_type(atttypid, atttypmod) AS type,
           COALESCE(base.typname, own.typname)::text AS "typeName",
           COALESCE(base.typname, own.typname) IN ('timestamp', 'timestamptz', 'date') AS "isMoment",
           NOT attnotnull AS "isNullable", attgenerated <> '' AS "isGenerated", attidentity <> '' AS "isIdentity",
           CASE WHEN NOT collisdeterministic THEN collname::text END AS "looseCollation"
    FROM pg_attribute
    JOIN pg_type own ON own.oid = atttypid
    LEFT JOIN pg_type base ON base.oid = own.typbasetype
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attrelid = ${tableId}::oid AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum`;
  return rows.map(({ typeName, ...column }) => ({
    ...column,
    keyType: KEY_TYPES[typeName] ?? null,
    filterType: FILTER_TYPES[typeName] ?? null,
  }));
}

type ColumnRow = Omit<Column, "keyType" | "filterType"> & { readonly typeName: string };

/** By the name in pg_type. `bpchar` is missing: its padding makes different strings equal. */
const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  uuid: "uuid",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  text: "text",
  varchar: "text",
};

const FILTER_TYPES: Readonly<Record<string, FilterType>> = {
  ...KEY_TYPES,
  numeric: "numeric",
  bool: "boolean",
  date: "date",
  timestamp: "timestamp",
  timestamptz: "timestamptz",
};
