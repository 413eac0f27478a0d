import pg from "pg";

/**
 * The settings every session of ours has, whatever server, database, role, URL or `PGOPTIONS` say: they change how
 * values are spelled, what a statement means, or when a session ends. Decision 026 tells why each is here, and which
 * are left to the operator.
 */
export const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
  client_encoding: "UTF8",
  standard_conforming_strings: "on",
  array_nulls: "on",
  transform_null_equals: "off",
  quote_all_identifiers: "off",
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  // Unknown before PostgreSQL 14 and 17.
  idle_session_timeout: "0",
  transaction_timeout: "0",
};

/** The time-outs of a session that works as long as it takes. */
export const UNLIMITED: Readonly<Record<string, string>> = {
  lock_timeout: "0",
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
};

/**
 * One statement that gives a session these settings, but for those that the server does not know, and puts this schema
 * first in its search path. It fails with SQLSTATE 3F000 where the schema is missing or closed to the user.
 */
export function pinningStatement(settings: Readonly<Record<string, string>>, schema?: string): string {
  const rows = Object.entries(settings).map(([name, value]) => `(${literal(name)}, ${literal(value)})`);
  return `DO $pin$ BEGIN
    PERFORM set_config(name, value, false) FROM (VALUES ${rows.join(", ")}) AS pin (name, value)
      WHERE current_setting(name, true) IS NOT NULL;
    ${schema === undefined ? "" : enterSchema(literal(schema))}
  END $pin$`;
}

// What else is in the path stays behind: triggers and defaults of the shop may look names up there.
function enterSchema(schema: string): string {
  return `
    IF current_schema() IS DISTINCT FROM ${schema} THEN
      PERFORM set_config('search_path', concat_ws(', ', quote_ident(${schema}),
        nullif(current_setting('search_path'), '')), false);
    END IF;
    IF current_schema() IS DISTINCT FROM ${schema} THEN
      RAISE 'Schema % does not exist in database %, or % may not use it', quote_ident(${schema}),
        current_database(), current_user USING ERRCODE = 'invalid_schema_name';
    END IF;`;
}

const literal = pg.escapeLiteral;
