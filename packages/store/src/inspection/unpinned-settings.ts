import { PINNED_SETTINGS } from "@bulk/postgres/pinned-settings";
import type { Client } from "pg";

/** A setting of new sessions that differs from the one we pin. */
export type UnpinnedSetting = { readonly name: string; readonly value: string; readonly wanted: string };

/**
 * Returns the settings that a session has where ours are not pinned: behind a transaction pooler, a transaction may get
 * them.
 */
export async function findUnpinnedSettings(connection: Client): Promise<readonly UnpinnedSetting[]> {
  const { rows } = await connection.query<{ name: string; value: string }>(
    "SELECT name, reset_val AS value FROM pg_settings WHERE name = ANY ($1)",
    [Object.keys(PINNED_SETTINGS)],
  );
  return rows.map((row) => ({ ...row, wanted: PINNED_SETTINGS[row.name] ?? "" })).filter(isOther);
}

function isOther({ name, value, wanted }: UnpinnedSetting): boolean {
  if (name === "TimeZone") return value.replace(/^Etc\//, "") !== wanted;
  // The order of day and month does not matter: ISO has only one.
  if (name === "DateStyle") return !value.startsWith("ISO");
  return value !== wanted;
}
