import type { Queryable } from "../database.ts";

/** An endpoint's secret as it is kept; `undefined`: there is no endpoint, of any account. */
export type SealedSecret = { readonly endpointId: string; readonly sealedSecret: Uint8Array };

/** The secret that was sealed last. */
export async function findNewestSecret(database: Queryable): Promise<SealedSecret | undefined> {
  const [row] = await database.$queryRaw<SealedSecret[]>`
    SELECT id::text AS "endpointId", sealed_secret AS "sealedSecret" FROM webhook_endpoints
    ORDER BY updated_at DESC LIMIT 1`;
  return row;
}
