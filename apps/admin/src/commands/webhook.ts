import { RequestError } from "@bulk/domain/errors/request-error";
import type { Database } from "@bulk/store/database";
import { recordChange } from "@bulk/store/journal/record-change";
import {
  findWebhookDelivery,
  listWebhookDeliveries,
  redeliverWebhook,
  type WebhookDelivery,
} from "@bulk/store/webhooks/webhook-deliveries";
import { updateWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import {
  findDeliveryOwner,
  listWebhookOverviews,
  type WebhookOverview,
} from "@bulk/store/webhooks/webhook-overview";
import type { Command } from "commander";
import { findAccountId } from "../options/find-account.ts";
import { nameOperator } from "../options/name-operator.ts";
import { parseId, parseLimit } from "../options/parse-option.ts";
import { alignColumns, showMoment } from "../output/lines.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { toSnakeCase } from "../output/snake-case.ts";
import { withSession } from "../session.ts";

/** `pnpm admin webhook …` */
export function addWebhookCommands(program: Command): void {
  const webhook = program
    .command("webhook")
    .description("inspect and switch webhook endpoints and their deliveries");
  webhook
    .command("list")
    .description("list endpoints, newest first, with counts of their deliveries, without their secrets")
    .option("--account <account>", "only of this account, by name or id")
    .option("--limit <number>", "how many to list", parseLimit, 100)
    .option("--json", "print JSON")
    .action(list);
  addEndpointCommand(webhook, "show", "show an endpoint and its latest deliveries")
    .option("--limit <number>", "how many deliveries", parseLimit, 20)
    .action(show);
  addEndpointCommand(webhook, "disable", "stop sending to it, and drop its pending deliveries").action(
    (id: string, options: OutputOptions) => setEnabled(id, false, options),
  );
  addEndpointCommand(webhook, "enable", "send it events again, from now on").action(
    (id: string, options: OutputOptions) => setEnabled(id, true, options),
  );
  webhook
    .command("redeliver")
    .description("make a delivery due now, with all its attempts again")
    .argument("<id>", "the id of a delivery from pnpm admin webhook show", parseId)
    .option("--json", "print JSON")
    .action(redeliver);
}

function addEndpointCommand(webhook: Command, name: string, description: string): Command {
  return webhook
    .command(name)
    .description(description)
    .argument("<id>", "an id from pnpm admin webhook list", parseId)
    .option("--json", "print JSON");
}

type ListOptions = OutputOptions & { readonly account?: string; readonly limit: number };

async function list({ account, limit, ...options }: ListOptions): Promise<void> {
  const endpoints = await withSession(async ({ database }) => {
    const accountId = await findAccountId(database, account);
    return await listWebhookOverviews(database, { ...(accountId !== undefined && { accountId }), limit });
  });
  const rows = endpoints.map((endpoint) => [
    endpoint.id,
    endpoint.accountName,
    stateOf(endpoint),
    ...[endpoint.pending, endpoint.succeeded, endpoint.failed].map(String),
    showMoment(endpoint.dueSince),
    showUrl(endpoint.url),
  ]);
  const head = ["id", "account", "state", "pending", "succeeded", "failed", "due since", "url"];
  print(options, toSnakeCase(endpoints.map(withoutQuery)), alignColumns([head, ...rows]));
}

type ShowOptions = OutputOptions & { readonly limit: number };

async function show(id: string, { limit, ...options }: ShowOptions): Promise<void> {
  const { endpoint, deliveries } = await withSession(async ({ database }) => {
    const found = await loadEndpoint(database, id);
    const page = await listWebhookDeliveries(database, found.accountId, id, { limit, page: 1 });
    return { endpoint: found, deliveries: page.deliveries };
  });
  const rows = deliveries.map(showDelivery);
  const head = ["delivery", "event", "status", "attempts", "last answer", "last attempt", "next attempt"];
  print(options, toSnakeCase({ ...withoutQuery(endpoint), deliveries }), [
    `${endpoint.id}  ${showUrl(endpoint.url)}`,
    `account     ${endpoint.accountName}`,
    `state       ${stateOf(endpoint)}`,
    `events      ${endpoint.webhookEvents.join(", ")}; records as ${endpoint.recordEvents}`,
    `deliveries  ${endpoint.pending} pending, ${endpoint.succeeded} succeeded, ${endpoint.failed} failed`,
    ...alignColumns([head, ...rows]),
  ]);
}

function showDelivery(delivery: WebhookDelivery): readonly string[] {
  const { id, eventType, status, attempts, lastResponseCode, lastError } = delivery;
  return [
    id,
    eventType,
    status,
    String(attempts),
    String(lastResponseCode ?? lastError ?? "-"),
    showMoment(delivery.lastAttemptAt),
    showMoment(delivery.nextAttemptAt),
  ];
}

async function setEnabled(id: string, enabled: boolean, options: OutputOptions): Promise<void> {
  const endpoint = await withSession(async ({ database }) => {
    const { accountId } = await loadEndpoint(database, id);
    await updateWebhookEndpoint(database, accountId, id, { enabled });
    return await loadEndpoint(database, id);
  });
  print(options, toSnakeCase(withoutQuery(endpoint)), [`The endpoint ${id} is ${stateOf(endpoint)}.`]);
}

async function redeliver(id: string, options: OutputOptions): Promise<void> {
  const delivery = await withSession(({ database }) => makeDue(database, id));
  print(options, toSnakeCase(delivery), [`The delivery ${id} is due again.`]);
}

async function makeDue(database: Database, id: string): Promise<WebhookDelivery> {
  const accountId = await findDeliveryOwner(database, id);
  const found = accountId && (await findWebhookDelivery(database, accountId, id));
  if (!accountId || !found) throw noSuchDelivery();
  const bulkActionId = found.bulkActionId ?? undefined;
  const detail = `${found.eventType}, delivery ${id}`;
  const entry = { kind: "redeliver", by: nameOperator(), bulkActionId, accountId, detail } as const;
  return await recordChange(database, entry, async () => {
    if (!found.isEndpointEnabled) throw endpointDisabled(found.endpointId);
    const delivery = await redeliverWebhook(database, accountId, id);
    if (delivery === undefined) throw noSuchDelivery();
    return delivery;
  });
}

function endpointDisabled(endpointId: string): RequestError {
  const message = `Its endpoint is disabled. Enable it first: pnpm admin webhook enable ${endpointId}`;
  return new RequestError("conflict", "webhook_endpoint.disabled", message);
}

async function loadEndpoint(database: Database, id: string): Promise<WebhookOverview> {
  const [endpoint] = await listWebhookOverviews(database, { id, limit: 1 });
  if (endpoint !== undefined) return endpoint;
  const message = "There is no webhook endpoint of this id. pnpm admin webhook list shows all.";
  throw new RequestError("not_found", "webhook_endpoint.not_found", message);
}

function noSuchDelivery(): RequestError {
  const message =
    "There is no webhook delivery of this id. pnpm admin webhook show has those of an endpoint.";
  return new RequestError("not_found", "webhook_delivery.not_found", message);
}

function stateOf({ enabled }: Pick<WebhookOverview, "enabled">): string {
  return enabled ? "enabled" : "disabled";
}

function withoutQuery(endpoint: WebhookOverview): WebhookOverview {
  return { ...endpoint, url: showUrl(endpoint.url) };
}

// Its query may hold a secret of the receiver's. Spelled anew, it has nothing that a terminal would obey.
function showUrl(text: string): string {
  const { origin, pathname, search } = new URL(text);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}
