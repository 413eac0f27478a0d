import type { Queryable } from "@bulk/store/database";
import { type Sql, sql } from "@bulk/store/sql";

/** A relation as SQL names it. */
export type TableName = {
  /** Literal: neither quoted nor folded. */
  readonly schema: string;
  readonly name: string;
  /** Schema and name, quoted where necessary. */
  readonly quoted: string;
};

/** A relation that statements can name. */
export type FoundTable = TableName & {
  /** Its oid. */
  readonly id: string;
  readonly kind: TableKind;
};

/** `partition`: a part of a partitioned table. */
export type TableKind = "table" | "partitioned" | "partition" | "view" | "foreign" | "other";

export type TableQuery = {
  /** `undefined`: all schemas of the host. */
  readonly schema: string | undefined;
  readonly name: string;
  /** Whether upper and lower case are the same. Default: no. */
  readonly ignoresCase?: boolean;
};

/** Returns the relations with this literal name: in one schema, or in all schemas of the host. */
export async function findTables(
  database: Queryable,
  { schema, name, ignoresCase = false }: TableQuery,
): Promise<readonly FoundTable[]> {
  const place = schema === undefined ? sql`${IS_HOST_SCHEMA}` : sql`nspname = ${schema}`;
  return await database.$queryRaw`
    SELECT pg_class.oid::text AS id, nspname::text AS schema, relname::text AS name, ${QUOTED} AS quoted,
           CASE WHEN relispartition THEN 'partition'
                ELSE COALESCE((ARRAY['table', 'partitioned', 'view', 'view', 'foreign'])
                                [array_position(ARRAY['r', 'p', 'v', 'm', 'f'], relkind::text)], 'other') END AS kind
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE (relname = ${name} OR (${ignoresCase} AND lower(relname) = lower(${name}))) AND ${place} AND relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY nspname`;
}

/** A condition over a row of pg_namespace: neither PostgreSQL's own nor ours. */
export const IS_HOST_SCHEMA: Sql = sql`
  nspname NOT IN ('bulk', 'bullmq', 'information_schema') AND nspname NOT LIKE 'pg\\_%'`;

/** An expression over pg_namespace and pg_class: the quoted name, whatever the search path is. */
const QUOTED: Sql = sql`format('%I.%I', nspname, relname)`;
