import type pg from "pg";

/** A chunk as a person would write it: two statements in a transaction; no outcome is written down. */
export async function markByHand(
  pool: pg.Pool,
  schema: string,
  values: { readonly accountId: string; readonly ids: string; readonly now: Date },
): Promise<void> {
  const { accountId, ids, now } = values;
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query({ name: "records", text: markRecords(schema), values: [accountId, ids, now] });
    await client.query({ name: "variants", text: markVariants(schema), values: [ids, now] });
    await client.query("COMMIT");
  } finally {
    client.release();
  }
}

function markRecords(schema: string): string {
  return `UPDATE ${schema}.goods SET deleted_at = $3
    WHERE account_id = $1 AND deleted_at IS NULL AND id IN (SELECT unnest($2::uuid[]))`;
}

function markVariants(schema: string): string {
  return `UPDATE ${schema}.variant SET deleted_at = $2
    WHERE deleted_at IS NULL AND good_id IN (SELECT unnest($1::uuid[]))`;
}
