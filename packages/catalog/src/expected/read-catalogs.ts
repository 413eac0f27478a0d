import { catalogFingerprint } from "@bulk/store/chunks/catalog-fingerprint";
import type { Queryable } from "@bulk/store/database";
import { type Sql, sql } from "@bulk/store/sql";

/** What the steps of an action type do to a table. */
export type TableChange = {
  readonly actionType: string;
  /** The table, with its schema, quoted where necessary. */
  readonly table: string;
  readonly change: "delete" | "update";
};

/** What the catalogs hold for the tables that an action type changes. */
export type Catalog = {
  /** Every foreign key that its deletions reach and every trigger that its changes fire: a line each, sorted. */
  readonly lines: readonly string[];
  /** The tables of its steps, and those that cascades reach: their oids. */
  readonly tableIds: readonly string[];
  /** Changes with every trigger and foreign key of these tables. `catalogFingerprint` computes it in a statement. */
  readonly fingerprint: string;
};

/**
 * Reads the catalogs for all these action types with one query. A table that does not exist adds nothing.
 *
 * A deletion reaches the foreign keys that refer to its table, and, through cascades, those that refer to the rows that go
 * along. An update fires triggers of UPDATE; so does a foreign key that sets null or a default. Keys and triggers that
 * PostgreSQL copies to partitions are not repeated.
 */
export async function readCatalogs(
  database: Queryable,
  changes: readonly TableChange[],
): Promise<ReadonlyMap<string, Catalog>> {
  const rows = await database.$queryRaw<(Catalog & { readonly actionType: string })[]>`
    WITH RECURSIVE asked AS (
      SELECT action_type, to_regclass(name)::oid AS id, change
      FROM unnest(${changes.map(({ actionType }) => actionType)}::text[], ${changes.map(({ table }) => table)}::text[],
                  ${changes.map(({ change }) => change)}::text[]) AS step (action_type, name, change)
    ),
    touched AS (
      SELECT action_type, id, change FROM asked WHERE id IS NOT NULL
      UNION
      SELECT action_type, further.id, further.change
      FROM touched CROSS JOIN LATERAL (
        SELECT conrelid AS id, CASE confdeltype WHEN 'c' THEN 'delete' ELSE 'update' END AS change
        FROM pg_constraint
        WHERE touched.change = 'delete' AND confrelid = touched.id AND contype = 'f' AND confdeltype IN ('c', 'n', 'd')
        UNION ALL
        SELECT inhrelid, touched.change FROM pg_inherits WHERE inhparent = touched.id
      ) AS further
    ),
    lines AS (
      SELECT action_type, ${KEY_LINE} AS line
      FROM touched JOIN pg_constraint ON confrelid = touched.id
      WHERE touched.change = 'delete' AND contype = 'f' AND conparentid = 0
      UNION
      SELECT action_type, ${TRIGGER_LINE}
      FROM touched JOIN pg_trigger ON tgrelid = touched.id
      JOIN pg_proc ON pg_proc.oid = tgfoid
      WHERE NOT tgisinternal AND tgparentid = 0
        AND tgtype::int & CASE touched.change WHEN 'delete' THEN 8 ELSE 16 END > 0
    )
    SELECT action_type AS "actionType",
           ARRAY(SELECT line FROM lines WHERE lines.action_type = types.action_type ORDER BY line COLLATE "C") AS lines,
           ids AS "tableIds", ${catalogFingerprint(sql`ids::oid[]`)} AS fingerprint
    FROM (SELECT action_type, array_agg(DISTINCT id::text) AS ids FROM touched GROUP BY action_type) AS types`;
  return new Map(rows.map(({ actionType, ...catalog }) => [actionType, catalog]));
}

function tableName(id: Sql): Sql {
  return sql`(SELECT format('%I.%I', nspname, relname)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = ${id})`;
}

function columnNames(tableId: Sql, numbers: Sql): Sql {
  return sql`(SELECT string_agg(quote_ident(attname), ', ' ORDER BY place)
    FROM unnest(${numbers}) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = ${tableId} AND attnum = number)`;
}

// public.line_items (product_id) -> public.products (id) ON DELETE RESTRICT
const KEY_LINE = sql`
  ${tableName(sql`conrelid`)} || ' (' || ${columnNames(sql`conrelid`, sql`conkey`)} || ') -> '
  || ${tableName(sql`confrelid`)} || ' (' || ${columnNames(sql`confrelid`, sql`confkey`)} || ') ON DELETE '
  || CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'n' THEN 'SET NULL'
                      WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END
  || CASE WHEN condeferrable THEN ' DEFERRABLE' ELSE '' END`;

// TRIGGER products_audit ON public.products AFTER UPDATE OR DELETE ROW EXECUTE public.audit
const TRIGGER_LINE = sql`
  'TRIGGER ' || quote_ident(tgname) || ' ON ' || ${tableName(sql`tgrelid`)}
  || CASE WHEN tgtype::int & 64 > 0 THEN ' INSTEAD OF ' WHEN tgtype::int & 2 > 0 THEN ' BEFORE ' ELSE ' AFTER ' END
  || concat_ws(' OR ', CASE WHEN tgtype::int & 4 > 0 THEN 'INSERT' END,
       CASE WHEN tgtype::int & 16 > 0
            THEN 'UPDATE' || COALESCE(' OF ' || ${columnNames(sql`tgrelid`, sql`tgattr::int2[]`)}, '') END,
       CASE WHEN tgtype::int & 8 > 0 THEN 'DELETE' END, CASE WHEN tgtype::int & 32 > 0 THEN 'TRUNCATE' END)
  || CASE WHEN tgtype::int & 1 > 0 THEN ' ROW' ELSE ' STATEMENT' END
  || ' EXECUTE ' || (SELECT format('%I.%I', nspname, proname) FROM pg_namespace WHERE oid = pronamespace)
  || CASE tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' DISABLED' ELSE '' END`;
