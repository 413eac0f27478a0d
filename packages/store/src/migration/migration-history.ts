import { createHash } from "node:crypto";
import type { Client } from "pg";
import type { Diagnosis } from "./migration-error.ts";
import type { Migration } from "./prisma-directory.ts";

/** One migration a database has had, finished or not. */
export type HistoryEntry = {
  readonly name: string;
  /** SHA-256 of the script, in hexadecimal. */
  readonly checksum: string;
  readonly isFinished: boolean;
  /** Why it failed; null when it did not, or when nobody was left to write it down. */
  readonly logs: string | null;
};

/** The migrations in Prisma's own table, without those marked as rolled back: they are as if never tried. */
export async function loadHistory(connection: Client): Promise<readonly HistoryEntry[]> {
  // Not that of a shop which uses Prisma as well, in a schema that comes later in the path.
  const own = "to_regclass(quote_ident(current_schema()) || '._prisma_migrations')";
  const tables = await connection.query(`SELECT WHERE ${own} IS NOT NULL`);
  if (tables.rowCount === 0) return [];
  const { rows } = await connection.query<HistoryEntry>(`
    SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS "isFinished", logs
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`);
  return rows;
}

/** What keeps these migrations from being applied on top of this history, and what to do; undefined: nothing. */
export function findHistoryFault(
  migrations: readonly Migration[],
  history: readonly HistoryEntry[],
): Diagnosis | undefined {
  const scripts = new Map(migrations.map((migration) => [migration.name, migration.script]));
  const missing = history.filter((entry) => !scripts.has(entry.name));
  const edited = history.filter((entry) => !isChecksumOf(entry.checksum, scripts.get(entry.name) ?? ""));
  return findFailure(history) ?? describeMissing(missing) ?? describeEdited(edited);
}

/** Which migration failed half-way, why, and what to do; undefined: none. */
export function findFailure(history: readonly HistoryEntry[]): Diagnosis | undefined {
  const failed = history.find((entry) => !entry.isFinished);
  if (failed === undefined) return undefined;
  const entry = `migration_name = '${failed.name}' AND finished_at IS NULL;`;
  return failed.logs === null
    ? describeInterrupted(failed.name, entry)
    : describeFailed(failed.name, withoutTrace(failed.logs), entry);
}

/** What PostgreSQL said, out of the engine's text: a line about itself before, a trace of its source after. */
export function withoutTrace(text: string): string {
  const said = text.replace(/\n\s+0: [\s\S]*$/, "").trim();
  return said.replace(/^[\s\S]*Error querying the database: (ERROR: )?/, "").replace(/\.$/, "");
}

function describeInterrupted(name: string, entry: string): Diagnosis {
  return {
    found: `Migration ${name} was interrupted half-way; it may or may not have had its effect.`,
    cure:
      `Look: if it had none, let it be tried again with\n  DELETE FROM _prisma_migrations WHERE ${entry}\n` +
      `if it had, record that with\n  UPDATE _prisma_migrations SET finished_at = now() WHERE ${entry}`,
  };
}

function describeFailed(name: string, reason: string, entry: string): Diagnosis {
  const suspicion = /already exists|does not exist/.test(reason)
    ? "Either it is wrong, or somebody changed the schema by hand: then undo that. "
    : "";
  return {
    found: `Migration ${name} failed: ${reason}.`,
    cure:
      `${suspicion}It was rolled back, unless it ends transactions by itself. Mend the cause, let it be tried ` +
      `again with\n  DELETE FROM _prisma_migrations WHERE ${entry}\nand migrate again.`,
  };
}

function describeMissing(missing: readonly HistoryEntry[]): Diagnosis | undefined {
  if (missing.length === 0) return undefined;
  return {
    found: `Migrations were applied that are not on disk: ${namesOf(missing)}.`,
    cure: "A newer version of this code did that: use it, or put their folders back into prisma/migrations.",
  };
}

function describeEdited(edited: readonly HistoryEntry[]): Diagnosis | undefined {
  if (edited.length === 0) return undefined;
  return {
    found: `Migrations were edited after they had been applied: ${namesOf(edited)}.`,
    cure: "Restore their migration.sql, and write the change as a new migration (pnpm migrate:create <name>).",
  };
}

function namesOf(entries: readonly HistoryEntry[]): string {
  return entries.map((entry) => entry.name).join(", ");
}

// Prisma's native engine may have applied the migration from a checkout with CRLF.
function isChecksumOf(checksum: string, script: string): boolean {
  return [script, script.replaceAll("\n", "\r\n")].some(
    (text) => createHash("sha256").update(text).digest("hex") === checksum,
  );
}
