import type { RecordEvents } from "@bulk/domain/webhooks/webhook-event";
import type { Database } from "../database.ts";

/** A URL that receives an account's events. */
export type WebhookEndpoint = {
  readonly id: string;
  readonly accountId: string;
  readonly url: string;
  readonly description: string | null;
  readonly enabled: boolean;
  readonly webhookEvents: readonly string[];
  readonly destination: string | null;
  /** One of `RECORD_EVENTS`. */
  readonly recordEvents: string;
  readonly previousSecretExpiresAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export type NewWebhookEndpoint = Pick<
  WebhookEndpoint,
  "id" | "accountId" | "url" | "description" | "enabled" | "webhookEvents" | "destination"
> & { readonly recordEvents: RecordEvents; readonly sealedSecret: Uint8Array<ArrayBuffer> };

/** Creates an endpoint. Returns `undefined`, and writes nothing, if the account has `most` endpoints already. */
export async function createWebhookEndpoint(
  database: Database,
  endpoint: NewWebhookEndpoint,
  most: number,
): Promise<WebhookEndpoint | undefined> {
  const { accountId, webhookEvents, ...data } = endpoint;
  return await database.$transaction(async (transaction) => {
    // Creates of one account run one after another. Nothing else of the account waits for this lock.
    await transaction.$queryRaw`SELECT FROM bulk.accounts WHERE id = ${accountId}::uuid FOR NO KEY UPDATE`;
    if ((await transaction.webhookEndpoint.count({ where: { accountId } })) >= most) return undefined;
    return await transaction.webhookEndpoint.create({
      data: { ...data, accountId, webhookEvents: [...webhookEvents] },
      omit: SECRETS,
    });
  });
}

/** Finds the account's endpoint of this id. */
export async function findWebhookEndpoint(
  database: Pick<Database, "webhookEndpoint">,
  accountId: string,
  id: string,
): Promise<WebhookEndpoint | undefined> {
  const endpoint = await database.webhookEndpoint.findFirst({ where: { id, accountId }, omit: SECRETS });
  return endpoint ?? undefined;
}

/** Reads one page of the account's endpoints, newest first, and counts all. */
export async function listWebhookEndpoints(
  database: Database,
  accountId: string,
  { limit, page }: { readonly limit: number; readonly page: number },
): Promise<{ readonly count: number; readonly endpoints: readonly WebhookEndpoint[] }> {
  const [count, endpoints] = await Promise.all([
    database.webhookEndpoint.count({ where: { accountId } }),
    database.webhookEndpoint.findMany({
      where: { accountId },
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      take: limit,
      skip: (page - 1) * limit,
      omit: SECRETS,
    }),
  ]);
  return { count, endpoints };
}

export type WebhookEndpointChange = {
  readonly url?: string | undefined;
  readonly description?: string | null | undefined;
  readonly enabled?: boolean | undefined;
  readonly webhookEvents?: readonly string[] | undefined;
  readonly destination?: string | null | undefined;
  readonly recordEvents?: RecordEvents | undefined;
};

/** An endpoint with its sealed secret. */
export type SealedWebhookEndpoint = WebhookEndpoint & { readonly sealedSecret: Uint8Array };

/**
 * Changes the given keys. Disabling the endpoint gives its pending deliveries up. Returns `undefined` if there is no
 * such endpoint.
 */
export async function updateWebhookEndpoint(
  database: Database,
  accountId: string,
  id: string,
  change: WebhookEndpointChange,
): Promise<SealedWebhookEndpoint | undefined> {
  const { webhookEvents, ...rest } = change;
  const data = { ...definedOf(rest), ...(webhookEvents && { webhookEvents: [...webhookEvents] }) };
  return await database.$transaction(async (transaction) => {
    const [endpoint] = await transaction.webhookEndpoint.updateManyAndReturn({
      where: { id, accountId },
      data,
      omit: { sealedPreviousSecret: true },
    });
    if (endpoint?.enabled === false) {
      await transaction.$executeRaw`
        UPDATE bulk.webhook_deliveries
        SET status = 'failed', last_error = 'endpoint_disabled', next_attempt_at = NULL,
            finished_at = clock_timestamp()
        WHERE endpoint_id = ${id}::uuid AND account_id = ${accountId}::uuid AND next_attempt_at IS NOT NULL`;
    }
    return endpoint;
  });
}

/** Deletes an endpoint and its deliveries. Returns whether it existed. */
export async function deleteWebhookEndpoint(
  database: Database,
  accountId: string,
  id: string,
): Promise<boolean> {
  const { count } = await database.webhookEndpoint.deleteMany({ where: { id, accountId } });
  return count > 0;
}

/**
 * Replaces the current secret, which keeps signing beside the new one for `graceHours`. It is one transaction: if a
 * committed rotation got no response, the caller would rotate again and lose the secret it knows.
 */
export async function rotateWebhookSecret(
  database: Database,
  accountId: string,
  id: string,
  sealedSecret: Uint8Array<ArrayBuffer>,
  graceHours: number,
): Promise<WebhookEndpoint | undefined> {
  return await database.$transaction(async (transaction) => {
    await transaction.$executeRaw`
      UPDATE bulk.webhook_endpoints SET
        sealed_previous_secret = sealed_secret, sealed_secret = ${sealedSecret},
        previous_secret_expires_at = clock_timestamp() + make_interval(hours => ${graceHours}),
        updated_at = clock_timestamp()
      WHERE id = ${id}::uuid AND account_id = ${accountId}::uuid`;
    return await findWebhookEndpoint(transaction, accountId, id);
  });
}

/** Never read with an endpoint that is shown. */
const SECRETS = { sealedSecret: true, sealedPreviousSecret: true } as const;

// Prisma leaves an absent key unchanged. Under exactOptionalPropertyTypes it accepts no undefined value.
function definedOf(change: Omit<WebhookEndpointChange, "webhookEvents">) {
  const { url, description, enabled, destination, recordEvents } = change;
  return {
    ...(url !== undefined && { url }),
    ...(description !== undefined && { description }),
    ...(enabled !== undefined && { enabled }),
    ...(destination !== undefined && { destination }),
    ...(recordEvents !== undefined && { recordEvents }),
  };
}
