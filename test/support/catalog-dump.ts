import type { TestDatabase } from "./test-database.ts";

/**
 * Everything that a schema dump of the host's part of a database holds, and a digest of its rows: schemas, relations,
 * columns, constraints, indexes, triggers, functions, rules, policies, owners and rights. The schemas of the service and of
 * its queue are left out.
 */
export async function dumpHost(database: Pick<TestDatabase, "query">): Promise<readonly string[]> {
  const described = await database.query<{ line: string }>(CATALOG);
  const tables = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE ${isHost("schemaname")} ORDER BY 1`,
  );
  const rows: string[] = [];
  for (const { name } of tables) {
    const [digest] = await database.query<{ digest: string }>(
      `SELECT md5(string_agg(t::text, '' ORDER BY t::text)) AS digest FROM ${name} AS t`,
    );
    rows.push(`rows of ${name} ${digest?.digest}`);
  }
  return [...described.map(({ line }) => line), ...rows];
}

function isHost(schema: string): string {
  return `${schema} NOT IN ('bulk', 'bullmq', 'information_schema') AND ${schema} NOT LIKE 'pg\\_%'`;
}

// Settings of this database only: other tests set those of theirs on the same server meanwhile.
// By oid and xmin as well where they say that an object was made again or written to.
const CATALOG = `
  WITH space AS (SELECT oid, nspname FROM pg_namespace WHERE ${isHost("nspname")})
  SELECT concat_ws(' ', 'schema', nspname, nspowner::regrole, nspacl) AS line FROM pg_namespace JOIN space USING (oid, nspname)
  UNION ALL
  SELECT concat_ws(' ', 'relation', pg_class.oid, nspname, relname, relkind, relowner::regrole, relacl, reloptions,
    relrowsecurity, relhasrules) FROM pg_class JOIN space ON space.oid = relnamespace
  UNION ALL
  SELECT concat_ws(' ', 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
    attacl, attidentity, pg_get_expr(adbin, adrelid))
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN space ON space.oid = relnamespace
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0
  UNION ALL
  SELECT concat_ws(' ', 'constraint', pg_constraint.oid, conrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid))
  FROM pg_constraint JOIN space ON space.oid = connamespace
  UNION ALL
  SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE ${isHost("schemaname")}
  UNION ALL
  SELECT concat_ws(' ', 'trigger', pg_trigger.oid, pg_trigger.xmin, pg_get_triggerdef(pg_trigger.oid), tgenabled)
  FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN space ON space.oid = relnamespace
  UNION ALL
  SELECT concat_ws(' ', 'function', pg_proc.oid, pg_get_functiondef(pg_proc.oid), proacl)
  FROM pg_proc JOIN space ON space.oid = pronamespace WHERE prokind <> 'a'
  UNION ALL
  SELECT concat_ws(' ', 'policy', polrelid::regclass, polname, pg_get_expr(polqual, polrelid)) FROM pg_policy
  UNION ALL
  SELECT concat_ws(' ', 'extension', extname, extversion) FROM pg_extension
  UNION ALL
  SELECT concat_ws(' ', 'setting', setdatabase, setrole, setconfig) FROM pg_db_role_setting
  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY 1`;
