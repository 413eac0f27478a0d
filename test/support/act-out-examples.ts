import {
  EXAMPLE_DETAILS,
  EXAMPLE_IDS,
  EXAMPLE_NEW_BULK_ACTION,
  EXAMPLE_NEW_ENDPOINT,
} from "@bulk/wire/examples";
import type { ApiDocument, DocumentedOperation } from "./documented.ts";
import type { WebhookService } from "./webhook-service.ts";

/** One request of the document, and what it says of the answer. */
export type Example = {
  /** `createBulkAction as application/json` */
  readonly name: string;
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly answer: { readonly contentType: string; readonly example: unknown };
};

/** Every content type of a request with every one of an answer. */
export function listExamples({ paths }: ApiDocument): readonly Example[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) =>
      listBodies(operation).flatMap(({ query, ...body }) =>
        listAnswers(operation).map((answer) => ({
          name: [operation.operationId, body.headers["content-type"], answer.contentType].join(" "),
          operationId: operation.operationId,
          method: method.toUpperCase(),
          path: `${fillPath(path, operation)}${query}`,
          ...body,
          headers: { ...body.headers, accept: answer.contentType },
          answer,
        })),
      ),
    ),
  );
}

type ExampleBody = Pick<Example, "headers" | "body"> & { readonly query: string };

function listBodies({ requestBody }: DocumentedOperation): readonly ExampleBody[] {
  if (requestBody === undefined) return [{ headers: {}, query: "" }];
  return Object.entries(requestBody.content).map(([type, { example }]) => ({
    headers: { "content-type": type },
    body: encode(type, example),
    // A body of lines has no place for it.
    query: typeof example === "string" ? `?action_type=${EXAMPLE_NEW_BULK_ACTION.action_type}` : "",
  }));
}

function encode(type: string, example: unknown): string {
  // Lines are an example as they are.
  if (typeof example === "string") return example;
  return type === "application/json" ? JSON.stringify(example) : encodeForm(example);
}

function encodeForm(example: unknown): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(Object(example)))
    for (const each of [value].flat()) form.append(name, String(each));
  return form.toString();
}

function listAnswers({ responses }: DocumentedOperation): readonly Example["answer"][] {
  const success = responses["200"];
  const content = success !== undefined && "content" in success ? success.content : undefined;
  return Object.entries(content ?? {}).map(([contentType, { example }]) => ({ contentType, example }));
}

/** The path with the examples of its parameters, and of those of the query that have one. */
function fillPath(path: string, { parameters = [] }: DocumentedOperation): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    return String(parameters.find((parameter) => parameter.name === name)?.example);
  });
  const query = new URLSearchParams();
  for (const parameter of parameters)
    if (parameter.in === "query" && parameter.example !== undefined)
      for (const each of [parameter.example].flat()) query.append(parameter.name, each);
  return query.size === 0 ? filled : `${filled}?${query}`;
}

/** The answer to an example, sent in the world it speaks of; whatever was there before is gone. */
export async function actOut(service: WebhookService, example: Example): Promise<Response> {
  await service.database.query("TRUNCATE bulk.accounts, customers, products CASCADE");
  const { accountId, token } = await service.fillShop({});
  await service.database.query("UPDATE bulk.api_tokens SET name = $1", [EXAMPLE_DETAILS.created_by.name]);
  const [product] = EXAMPLE_NEW_BULK_ACTION.record_ids;
  await service.database.query(
    "INSERT INTO products (id, account_id, name, sku, price_amount) VALUES ($1, $2, 'Cup', 'CUP', 900)",
    [product, accountId],
  );
  await (WORLDS[example.operationId] ?? endAction)(service, token);
  const { method, path, headers, body } = example;
  return await service.request(token, path, { method, headers, ...(body && { body }) });
}

type World = (service: WebhookService, token: string) => Promise<void>;

/** How it is before the request, where the example's bulk action has not simply ended. */
const WORLDS: Readonly<Record<string, World>> = {
  createBulkAction: nothing,
  previewBulkAction: nothing,
  cancelBulkAction: submitAction,
  retryBulkAction: cancelAction,
  createWebhookEndpoint: nothing,
  listWebhookEndpoints: registerEndpoint,
  retrieveWebhookEndpoint: registerEndpoint,
  updateWebhookEndpoint: registerEndpoint,
  deleteWebhookEndpoint: registerEndpoint,
  testWebhookEndpoint: registerEndpoint,
  rotateWebhookSecret: registerEndpoint,
  listWebhookDeliveries: deliver,
  redeliverWebhook: deliver,
};

async function nothing(): Promise<void> {}

async function submitAction(service: WebhookService, token: string): Promise<void> {
  const { action_type, record_ids } = EXAMPLE_NEW_BULK_ACTION;
  const { id } = await service.submit(token, action_type, record_ids);
  await rename(service, id);
}

async function cancelAction(service: WebhookService, token: string): Promise<void> {
  await submitAction(service, token);
  await service.call(token, `POST /v1/bulk_actions/${EXAMPLE_IDS.bulk_actions}/cancel`);
}

async function endAction(service: WebhookService, token: string): Promise<void> {
  const worker = await service.startWorker();
  const { action_type, record_ids } = EXAMPLE_NEW_BULK_ACTION;
  const { id } = await service.submit(token, action_type, record_ids);
  await service.finished(token, id);
  await worker.stop();
  await rename(service, id);
}

async function registerEndpoint(service: WebhookService, token: string): Promise<void> {
  const { url, ...attributes } = EXAMPLE_NEW_ENDPOINT;
  await service.register(token, url, attributes);
  await service.database.query("UPDATE bulk.webhook_endpoints SET id = $1", [EXAMPLE_IDS.webhook_endpoints]);
  // A secret is sealed for the id.
  await service.call(token, `POST /v1/webhook_endpoints/${EXAMPLE_IDS.webhook_endpoints}/rotate_secret`);
  await service.database.query(
    "UPDATE bulk.webhook_endpoints SET sealed_previous_secret = NULL, previous_secret_expires_at = NULL",
  );
}

/** Writes what a worker writes whose request was answered with a 200. */
async function deliver(service: WebhookService, token: string): Promise<void> {
  await endAction(service, token);
  await registerEndpoint(service, token);
  await service.database.query(
    `INSERT INTO bulk.webhook_deliveries (id, account_id, endpoint_id, event_type, bulk_action_id, status, attempts,
       last_response_code, last_attempt_at, next_attempt_at, finished_at)
     SELECT $1, account_id, id, 'bulk_action.finished', $2, 'succeeded', 1, 200, now(), NULL, now()
     FROM bulk.webhook_endpoints`,
    [EXAMPLE_IDS.webhook_deliveries, EXAMPLE_IDS.bulk_actions],
  );
}

/** Gives the bulk action the id that the examples speak of. */
async function rename({ database }: WebhookService, id: string): Promise<void> {
  for (const [table, key] of [
    ["bulk.bulk_actions", "id"],
    ["bulk.bulk_action_chunks", "bulk_action_id"],
  ]) {
    await database.query(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object('${key}', $2::text))).*
       FROM ${table} AS t WHERE ${key} = $1`,
      [id, EXAMPLE_IDS.bulk_actions],
    );
  }
  await database.query("UPDATE bulk.kept_rows SET bulk_action_id = $2 WHERE bulk_action_id = $1", [
    id,
    EXAMPLE_IDS.bulk_actions,
  ]);
  await database.query("DELETE FROM bulk.bulk_actions WHERE id = $1", [id]);
}
