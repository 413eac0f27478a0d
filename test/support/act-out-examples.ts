import { EXAMPLE_ID, EXAMPLE_NEW_BULK_ACTION } from "@bulk/api/examples";
import type { ApiDocument, DocumentedOperation } from "./documented.ts";
import { openTestService, type TestService } from "./test-service.ts";

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
      listBodies(operation).flatMap((body) =>
        listAnswers(operation).map((answer) => ({
          name: [operation.operationId, body.headers["content-type"], answer.contentType].join(" "),
          operationId: operation.operationId,
          method: method.toUpperCase(),
          path: fillPath(path, operation),
          ...body,
          headers: { ...body.headers, accept: answer.contentType },
          answer,
        })),
      ),
    ),
  );
}

function listBodies({ requestBody }: DocumentedOperation): readonly Pick<Example, "headers" | "body">[] {
  if (requestBody === undefined) return [{ headers: {} }];
  return Object.entries(requestBody.content).map(([type, { example }]) => ({
    headers: { "content-type": type },
    body: type === "application/json" ? JSON.stringify(example) : encodeForm(example),
  }));
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
      query.append(parameter.name, parameter.example);
  return query.size === 0 ? filled : `${filled}?${query}`;
}

/** The answer to an example, sent in the world it speaks of. */
export async function actOut(example: Example): Promise<Response> {
  await using service = await openTestService();
  const { accountId, token } = await service.fillShop({});
  const [product] = EXAMPLE_NEW_BULK_ACTION.record_ids;
  await service.database.query(
    "INSERT INTO products (id, account_id, name, sku, price_amount) VALUES ($1, $2, 'Cup', 'CUP', 900)",
    [product, accountId],
  );
  await (WORLDS[example.operationId] ?? endExampleAction)(service, token);
  const { method, path, headers, body } = example;
  const response = await service.request(token, path, { method, headers, ...(body && { body }) });
  return new Response(await response.text(), response);
}

type World = (service: TestService, token: string) => Promise<void>;

/** How it is before the request, where the example's bulk action has not simply ended. */
const WORLDS: Readonly<Record<string, World>> = {
  createBulkAction: async () => undefined,
};

async function endExampleAction(service: TestService, token: string): Promise<void> {
  await service.startWorker();
  const { action_type, record_ids } = EXAMPLE_NEW_BULK_ACTION;
  const { id } = await service.submit(token, action_type, record_ids);
  await service.finished(token, id);
  await rename(service, id);
}

/** Gives the bulk action the id that the examples speak of. */
async function rename({ database }: TestService, id: string): Promise<void> {
  for (const [table, key] of [
    ["bulk_actions", "id"],
    ["bulk_action_chunks", "bulk_action_id"],
  ]) {
    await database.query(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object('${key}', $2::text))).*
       FROM ${table} AS t WHERE ${key} = $1`,
      [id, EXAMPLE_ID],
    );
  }
  await database.query("DELETE FROM bulk_actions WHERE id = $1", [id]);
}
