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
  return rows.map(({ typeName, ...column }) => ({ ...column, keyType: keyTypeOf(typeName) }));
}

type ColumnRow = Omit<Column, "keyType"> & { readonly typeName: string };

function keyTypeOf(typeName: string): KeyType | null {
  return KEY_TYPES[typeName] ?? null;
}

/** By the name in pg_type. `bpchar` is missing: its padding makes different strings equal. */
const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  uuid: "uuid",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  text: "text",
  varchar: "text",
};
