import { once } from "node:events";
import { createServer } from "node:net";
import { openDatabase } from "@bulk/store/database";
import { mayHaveHappened } from "@bulk/store/sqlstate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { createClient, type WireAction } from "../support/client.ts";
import { writeEndedAction } from "../support/ended-action.ts";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { openTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

const WEBHOOK_SECRET_KEY = Buffer.alloc(32, 7).toString("base64");
const CREATION = "bulk_action.outcome_unknown";
const CHANGE = "request.outcome_unknown";
const [EXAMPLE, ANOTHER] = ["http://127.0.0.1:65001/a", "http://127.0.0.1:65001/b"];

let service: WebhookService;
let accountId: string;
let token: string;

beforeAll(async () => {
  service = await openWebhookService({ WEBHOOK_SECRET_KEY });
  ({ accountId, token } = await service.fillShop({}));
});

afterAll(() => service[Symbol.asyncDispose]());

test("a change that was sent and not answered says that its outcome is unknown; it was made, and nothing else waits", async () => {
  const recordIds = randomIds(3);
  const [keyed, canceled] = [randomIds(1), await service.submit(token, "delete_products", randomIds(1))];
  const ended = await writeEndedAction(service.database, accountId, 1_000);
  const [patched, rotated, deleted] = await registerThree();
  await using proxy = await openMuteDatabase();
  await using api = await openAnotherApi(service, mute(proxy));
  const client = createClient(api.url);
  const send = (line: string, body?: unknown, headers = {}) => call(client, line, body, headers);
  const key = { "idempotency-key": "sent twice" };

  const answers = await Promise.all([
    send("POST /v1/bulk_actions", creation(recordIds)),
    send("POST /v1/bulk_actions", creation(keyed), key),
    send(`POST /v1/bulk_actions/${ended}/retry`),
    send(`POST /v1/bulk_actions/${canceled.id}/cancel`),
    send("POST /v1/webhook_endpoints", { webhook_endpoint: { url: ANOTHER } }),
    send(`PATCH /v1/webhook_endpoints/${patched}`, { webhook_endpoint: { url: ANOTHER } }),
    send(`POST /v1/webhook_endpoints/${rotated}/rotate_secret`),
    send(`DELETE /v1/webhook_endpoints/${deleted}`),
  ]);

  expect(answers.map(({ status, retryAfter, body }) => [status, retryAfter, body.code])).toEqual([
    ...Array.from({ length: 3 }, () => [503, "5", CREATION]),
    ...Array.from({ length: 5 }, () => [503, "5", CHANGE]),
  ]);
  // No connection that is still mute is lent to anybody.
  const lists = await Promise.all(Array.from({ length: 6 }, () => send("GET /v1/bulk_actions")));
  expect(lists.map(({ status }) => status)).toEqual(lists.map(() => 200));
  await eventually(async () => {
    const actions = await listActions();
    expect(actions.filter(({ record_ids: [id] }) => id === recordIds[0])).toHaveLength(1);
    expect(actions).toHaveLength(5);
    expect(await listUrls()).toEqual([EXAMPLE, ANOTHER, ANOTHER]);
  });
  const repeated = await call(service, `POST /v1/bulk_actions/${canceled.id}/cancel`);
  expect(repeated).toMatchObject({ status: 200, body: { status: "completed" } });
  const again = await call(service, "POST /v1/bulk_actions", creation(keyed), key);
  expect([again.status, again.isReplayed]).toEqual([200, "true"]);
  expect(await listActions()).toHaveLength(5);
});

test("a connection that breaks while it is made says that nothing happened", async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port.");
  const limits = { poolSize: 1, lockTimeoutMs: 1_000, statementTimeoutMs: 1_000 };
  const url = `postgres://someone@127.0.0.1:${address.port}/nothing`;
  const database = openDatabase({ url, applicationName: "test", ...limits });
  const error: unknown = await database.$queryRaw`SELECT 1`.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ message: "The database cannot be reached." });
  expect(mayHaveHappened(error)).toBe(false);
  await database.$disconnect();
  server.close();
});

/** What makes a change lasting: a statement of its own, or a transaction's COMMIT. */
const LASTING =
  /INSERT INTO bulk.bulk_actions|SET cancel_requested_at|DELETE FROM "bulk"."webhook_endpoints"|COMMIT/;

/** Carries out whatever it is sent; a connection that was sent something lasting answers nothing any more. */
function openMuteDatabase(): Promise<TcpProxy> {
  return openTcpProxy(service.database.url, (piece, connection) => {
    if (LASTING.test(piece.toString("latin1"))) connection.pause();
  });
}

function mute({ url }: TcpProxy) {
  return { DATABASE_URL: url, WEBHOOK_SECRET_KEY, WEBHOOK_ALLOW_LOOPBACK: "true", API_POOL_SIZE: "20" };
}

async function registerThree(): Promise<readonly string[]> {
  const ids = [];
  for (let n = 0; n < 3; n += 1) ids.push((await service.register(token, EXAMPLE)).id);
  return ids;
}

function creation(recordIds: readonly string[]) {
  return { bulk_action: { action_type: "delete_products", record_ids: recordIds } };
}

async function call(
  { request }: Pick<WebhookService, "request">,
  line: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
) {
  const [method = "", path = ""] = line.split(" ");
  const json = { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
  const response = await request(token, path, { method, ...(body !== undefined && json) });
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    isReplayed: response.headers.get("idempotent-replayed"),
    body: (await response.json()) as { readonly code?: string },
  };
}

async function listActions(): Promise<readonly WireAction[]> {
  const response = await service.request(token, "/v1/bulk_actions?limit=100");
  return ((await response.json()) as { readonly data: readonly WireAction[] }).data;
}

async function listUrls(): Promise<readonly string[]> {
  const rows = await service.database.query<{ url: string }>(
    "SELECT url FROM bulk.webhook_endpoints ORDER BY url",
  );
  return rows.map(({ url }) => url);
}
