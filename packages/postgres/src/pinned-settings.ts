import pg from "pg";

/**
 * The settings of all our sessions, which override server, database, role, URL and `PGOPTIONS`. They change how values are
 * formatted, what a statement means, or when a session ends. Decision 026 gives the reason for each, and those left to the
 * operator.
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

/** No time-outs. */
export const UNLIMITED: Readonly<Record<string, string>> = {
  lock_timeout: "0",
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
};

/**
 * Returns one statement that sets these settings for the session, except those unknown to the server. The search path stays
 * that of the role: triggers and defaults of the host may need it.
 */
export function pinningStatement(settings: Readonly<Record<string, string>>): string {
  const rows = Object.entries(settings).map(([name, value]) => `(${literal(name)}, ${literal(value)})`);
  return `DO $pin$ BEGIN
    PERFORM set_config(name, value, false) FROM (VALUES ${rows.join(", ")}) AS pin (name, value)
      WHERE current_setting(name, true) IS NOT NULL;
  END $pin$`;
}

const literal = pg.escapeLiteral;
