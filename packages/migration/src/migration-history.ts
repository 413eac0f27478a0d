import { createHash } from "node:crypto";
import { SERVICE_SCHEMA } from "@bulk/postgres/service-schema";
import type { Client } from "pg";
import type { Diagnosis } from "./migration-error.ts";
import type { Migration } from "./prisma-directory.ts";

/** A migration that was applied or started. */
export type HistoryEntry = {
  readonly name: string;
  /** SHA-256 of the script, in hexadecimal. */
  readonly checksum: string;
  readonly isFinished: boolean;
  /** Why it failed; null if it did not fail, or if the process was killed before it wrote the reason. */
  readonly logs: string | null;
};

/** Where a history is in the database, and where its migrations are on disk. */
export type HistoryPlace = {
  /** Quoted where necessary. */
  readonly table: string;
  readonly folder: string;
};

/** The history of this version. */
export const OWN_HISTORY: HistoryPlace = {
  table: `${SERVICE_SCHEMA}._prisma_migrations`,
  folder: "prisma/migrations",
};

/** Reads the migrations in Prisma's own table, except those marked as rolled back, which count as never tried. */
export async function loadHistory(
  connection: Client,
  { table }: HistoryPlace = OWN_HISTORY,
): Promise<readonly HistoryEntry[]> {
  const tables = await connection.query("SELECT WHERE to_regclass($1) IS NOT NULL", [table]);
  if (tables.rowCount === 0) return [];
  const { rows } = await connection.query<HistoryEntry>(`
    SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS "isFinished", logs
    FROM ${table} WHERE rolled_back_at IS NULL ORDER BY started_at`);
  return rows;
}

/** Returns why these migrations cannot be applied after this history, and what to do; `undefined` if they can. */
export function findHistoryFault(
  migrations: readonly Migration[],
  history: readonly HistoryEntry[],
  place: HistoryPlace = OWN_HISTORY,
): Diagnosis | undefined {
  const scripts = new Map(migrations.map((migration) => [migration.name, migration.script]));
  const missing = history.filter((entry) => !scripts.has(entry.name));
  const edited = history.filter((entry) => !isChecksumOf(entry.checksum, scripts.get(entry.name) ?? ""));
  return findFailure(history, place) ?? describeMissing(missing, place) ?? describeEdited(edited);
}

/** Returns which migration failed or was interrupted, why, and what to do; `undefined` if none. */
export function findFailure(
  history: readonly HistoryEntry[],
  { table }: HistoryPlace = OWN_HISTORY,
): Diagnosis | undefined {
  const failed = history.find((entry) => !entry.isFinished);
  if (failed === undefined) return undefined;
  const entry = `${table} WHERE migration_name = '${failed.name}' AND finished_at IS NULL;`;
  const finish = `${table} SET finished_at = now() WHERE migration_name = '${failed.name}';`;
  return failed.logs === null
    ? describeInterrupted(failed.name, entry, finish)
    : describeFailed(failed.name, withoutTrace(failed.logs), entry);
}

/** Extracts PostgreSQL's message from the engine's text, which has a line before it and a stack trace after it. */
export function withoutTrace(text: string): string {
  const message = text.replace(/\n\s+0: [\s\S]*$/, "").trim();
  return message.replace(/^[\s\S]*Error querying the database: (ERROR: )?/, "").replace(/\.$/, "");
}

function describeInterrupted(name: string, entry: string, finish: string): Diagnosis {
  return {
    found: `Migration ${name} was interrupted half-way; it may or may not have taken effect.`,
    cure:
      `Check the tables. If it had no effect, allow another try with\n  DELETE FROM ${entry}\n` +
      `If it had, record that with\n  UPDATE ${finish}`,
  };
}

function describeFailed(name: string, reason: string, entry: string): Diagnosis {
  const suspicion = /already exists|does not exist/.test(reason)
    ? "Either it is wrong, or the schema was changed by hand: then undo that change. "
    : "";
  return {
    found: `Migration ${name} failed: ${reason}.`,
    cure:
      `${suspicion}It was rolled back, unless it ends transactions by itself. Fix the cause, allow another try ` +
      `with\n  DELETE FROM ${entry}\nand migrate again.`,
  };
}

function describeMissing(missing: readonly HistoryEntry[], { folder }: HistoryPlace): Diagnosis | undefined {
  if (missing.length === 0) return undefined;
  return {
    found: `Migrations were applied that are not on disk: ${namesOf(missing)}.`,
    cure: `A newer version of this service applied them: use it, or restore their folders in ${folder}.`,
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
