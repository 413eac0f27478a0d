import type { Queryable } from "../database.ts";

/** The encrypted secret of an endpoint. */
export type SealedSecret = { readonly endpointId: string; readonly sealedSecret: Uint8Array };

/** Returns the secret that was encrypted last; `undefined` if there is no endpoint. */
export async function findNewestSecret(database: Queryable): Promise<SealedSecret | undefined> {
  const [row] = await database.$queryRaw<SealedSecret[]>`
    SELECT id::text AS "endpointId", sealed_secret AS "sealedSecret" FROM bulk.webhook_endpoints
    ORDER BY updated_at DESC LIMIT 1`;
  return row;
}
