import { PINNED_SETTINGS } from "@bulk/postgres/pinned-settings";
import type { Client } from "pg";

/** A setting of new sessions that is not the one every session of ours pins. */
export type UnpinnedSetting = { readonly name: string; readonly value: string; readonly wanted: string };

/**
 * What a session would have instead of the pinned settings, had it not been given them: where a pooler hands sessions
 * out by transaction, that is what a transaction may get. Of the search path only its first schema counts.
 */
export async function findUnpinnedSettings(
  connection: Client,
  schema: string,
): Promise<readonly UnpinnedSetting[]> {
  const { rows } = await connection.query<{ name: string; value: string }>(
    "SELECT name, reset_val AS value FROM pg_settings WHERE name = ANY ($1)",
    [Object.keys(PINNED_SETTINGS)],
  );
  const path = await readUnpinnedPath(connection);
  return [
    ...rows.map((row) => ({ ...row, wanted: PINNED_SETTINGS[row.name] ?? "" })).filter(isOther),
    ...(path.schema === schema ? [] : [{ name: "search_path", value: path.value, wanted: schema }]),
  ];
}

function isOther({ name, value, wanted }: UnpinnedSetting): boolean {
  if (name === "TimeZone") return value.replace(/^Etc\//, "") !== wanted;
  // In which order a date is read does not matter to us; ISO has but one.
  if (name === "DateStyle") return !value.startsWith("ISO");
  return value !== wanted;
}

// In a transaction that is rolled back, so that the session keeps what it has.
async function readUnpinnedPath(
  connection: Client,
): Promise<{ readonly value: string; readonly schema: string | null }> {
  await connection.query("BEGIN; RESET search_path");
  try {
    const { rows } = await connection.query<{ value: string; schema: string | null }>(
      "SELECT current_setting('search_path') AS value, current_schema() AS schema",
    );
    return rows[0] ?? { value: "", schema: null };
  } finally {
    await connection.query("ROLLBACK");
  }
}
