import { RequestError } from "@bulk/domain/request-error";
import type { Database } from "@bulk/store/database";
import {
  findWebhookDelivery,
  listWebhookDeliveries,
  redeliverWebhook,
  type WebhookDelivery,
} from "@bulk/store/webhook-deliveries";
import { updateWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import { findDeliveryOwner, listWebhookOverviews, type WebhookOverview } from "@bulk/store/webhook-overview";
import type { Command } from "commander";
import { findAccountId } from "../find-account.ts";
import { alignColumns, showMoment } from "../lines.ts";
import { parseId, parseLimit } from "../parse-option.ts";
import { type OutputOptions, print } from "../print.ts";
import { withSession } from "../session.ts";
import { toSnakeCase } from "../snake-case.ts";

/** `pnpm admin webhook …` */
export function addWebhookCommands(program: Command): void {
  const webhook = program.command("webhook").description("webhook endpoints, and what became of deliveries");
  webhook
    .command("list")
    .description("endpoints, newest first, with the state of their deliveries; never their secrets")
    .option("--account <account>", "only its, by name or id")
    .option("--limit <number>", "how many", parseLimit, 100)
    .option("--json", "print JSON")
    .action(list);
  addEndpointCommand(webhook, "show", "an endpoint and its latest deliveries")
    .option("--limit <number>", "how many deliveries", parseLimit, 20)
    .action(show);
  addEndpointCommand(
    webhook,
    "disable",
    "sends it nothing more, and gives up what is still to be sent",
  ).action((id: string, options: OutputOptions) => setEnabled(id, false, options));
  addEndpointCommand(webhook, "enable", "sends it events again, from now on").action(
    (id: string, options: OutputOptions) => setEnabled(id, true, options),
  );
  webhook
    .command("redeliver")
    .description("makes a delivery due at once, with all its attempts before it")
    .argument("<id>", "of the delivery, as pnpm admin webhook show has it", parseId)
    .option("--json", "print JSON")
    .action(redeliver);
}

function addEndpointCommand(webhook: Command, name: string, description: string): Command {
  return webhook
    .command(name)
    .description(description)
    .argument("<id>", "of the endpoint, as pnpm admin webhook list shows it", parseId)
    .option("--json", "print JSON");
}

type ListOptions = OutputOptions & { readonly account?: string; readonly limit: number };

async function list({ account, limit, ...options }: ListOptions): Promise<void> {
  const endpoints = await withSession(async ({ database }) => {
    const accountId = await findAccountId(database, account);
    return await listWebhookOverviews(database, { ...(accountId !== undefined && { accountId }), limit });
  });
  const rows = endpoints.map((endpoint) => [
    ...[endpoint.id, endpoint.accountName, stateOf(endpoint)],
    ...[endpoint.pending, endpoint.succeeded, endpoint.failed].map(String),
    ...[showMoment(endpoint.dueSince), showUrl(endpoint.url)],
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
    `events      ${endpoint.webhookEvents.join(", ")}; deleted records as ${endpoint.recordEvents}`,
    `deliveries  ${endpoint.pending} pending, ${endpoint.succeeded} succeeded, ${endpoint.failed} failed`,
    ...alignColumns([head, ...rows]),
  ]);
}

function showDelivery(delivery: WebhookDelivery): readonly string[] {
  const { id, eventType, status, attempts, lastResponseCode, lastError } = delivery;
  return [
    ...[id, eventType, status, String(attempts), String(lastResponseCode ?? lastError ?? "-")],
    ...[showMoment(delivery.lastAttemptAt), showMoment(delivery.nextAttemptAt)],
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
  if (!found.isEndpointEnabled) {
    const message = `Its endpoint is disabled. Enable it first: pnpm admin webhook enable ${found.endpointId}`;
    throw new RequestError("conflict", "webhook_endpoint.disabled", message);
  }
  const delivery = await redeliverWebhook(database, accountId, id);
  if (delivery === undefined) throw noSuchDelivery();
  return delivery;
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
