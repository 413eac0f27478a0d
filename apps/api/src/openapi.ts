import type { FailureKind } from "@bulk/domain/error-codes";
import { z } from "zod";
import {
  type CreateDocumentOptions,
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from "zod-openapi";
import manifest from "../package.json" with { type: "json" };
import { type AnswerHeader, describeHeaders } from "./answer-headers.ts";
import type { Endpoint, Operation, SchemaByType } from "./context.ts";
import { describeErrors } from "./describe-errors.ts";
import { describeWebhooks } from "./describe-webhooks.ts";
import { statusOf } from "./error-body.ts";
import { EXAMPLE_IDS } from "./examples.ts";
import { FAILURE_ANSWERS } from "./failure-answers.ts";
import { LIST_PARAMETERS } from "./query.ts";
import { type Route, takesBody } from "./routes.ts";

/** A route with the endpoint that serves it. */
export type ServedRoute = Omit<Route, "endpoint"> & { readonly endpoint: Endpoint };

/** The OpenAPI document of these routes, from the schemas that their endpoints validate with. */
export function describeApi(routes: readonly ServedRoute[]) {
  const tags = [...new Set(routes.map(({ path }) => nameTag(path)))];
  return createDocument(
    {
      openapi: "3.1.1",
      info: {
        title: "Bulk actions",
        version: manifest.version,
        description: DESCRIPTION,
        license: { name: manifest.license, identifier: manifest.license },
      },
      servers: [{ url: "/", description: "Where this document comes from." }],
      tags: tags.map((name) => ({ name })),
      paths: describePaths(routes),
      webhooks: describeWebhooks(),
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "A token; each operation names its scope." },
        },
      },
    },
    OPTIONS,
  );
}

const DESCRIPTION = `Deletes thousands or millions of a shop's records in the background and tells the truth about
every id.

Every answer carries \`Request-Id\`; send an \`X-Request-Id\` of your own to choose it. Times are whole seconds since
1970, UTC.

All errors share one schema: decide by \`code\`. A 401 means that the token is missing or bad, and nothing else. After
a 429 or a 503, wait as long as \`Retry-After\` says and try again.

${describeErrors()}`;

const OPTIONS: CreateDocumentOptions = {
  // A schema with checks of ours only; its shape is in its metadata.
  allowEmptySchema: { custom: true },
  override({ jsonSchema }) {
    // `.readonly()` speaks of our arrays in memory, not of what a caller may send.
    delete jsonSchema.readOnly;
  },
};

function describePaths(routes: readonly ServedRoute[]): ZodOpenApiPathsObject {
  const byPath = Map.groupBy(routes, ({ path }) => path.replaceAll(/:(\w+)/g, "{$1}"));
  return Object.fromEntries(
    [...byPath].map(([path, served]) => [
      path,
      Object.fromEntries(served.map((route) => [route.method, describeOperation(route)])),
    ]),
  );
}

function describeOperation({ method, path, scope, endpoint }: ServedRoute): ZodOpenApiOperationObject {
  const { id, summary, description, query, headers, body } = endpoint.operation;
  return {
    operationId: id,
    ...{ summary, description },
    tags: [nameTag(path)],
    security: [{ token: [scope] }],
    requestParams: {
      path: describePathParameters(path),
      ...(query !== undefined && { query: spellLists(query) }),
      ...(headers !== undefined && { header: headers }),
    },
    ...(body !== undefined && { requestBody: { required: true, content: describeContent(body) } }),
    responses: describeAnswers(endpoint.operation, takesBody(method) ? BEFALLS_BODIES : []),
  };
}

/** `/v1/bulk_actions/:id` → `Bulk actions` */
function nameTag(path: string): string {
  const name = nameCollection(path).replaceAll("_", " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** `/v1/bulk_actions/:id` → `bulk_actions` */
function nameCollection(path: string): string {
  return path.split("/")[2] ?? "";
}

const IDS: ReadonlyMap<string, string> = new Map(Object.entries(EXAMPLE_IDS));

function describePathParameters(path: string): z.ZodObject {
  const parameter = z.string().meta({
    format: "uuid",
    description: "As it was answered when the object was made.",
    param: { example: IDS.get(nameCollection(path)) },
  });
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => String(name));
  return z.object(Object.fromEntries(names.map((name) => [name, parameter])));
}

function spellLists(query: z.ZodObject): z.ZodObject {
  return z.object(
    Object.fromEntries(
      Object.entries(query.shape).map(([name, schema]) => [
        LIST_PARAMETERS.has(name) ? `${name}[]` : name,
        schema,
      ]),
    ),
  );
}

/** What may befall any request, whatever the operation. */
const BEFALLS_ANY: readonly FailureKind[] = [
  "malformed",
  "unauthorized",
  "forbidden",
  "limited",
  "slow",
  "headers_too_large",
  "internal",
  "unavailable",
];

/** What else may befall one that may have a body, whether or not anything is in it. */
const BEFALLS_BODIES: readonly FailureKind[] = ["too_large", "unsupported"];

function describeAnswers(
  operation: Operation,
  further: readonly FailureKind[],
): Readonly<Record<string, ZodOpenApiResponseObject>> {
  const headers = operation.answerHeaders ?? [];
  const content = describeContent(operation.answer);
  const success = {
    description: "Done as described.",
    headers: describeHeaders(headers),
    content,
  };
  const failures = new Set([...BEFALLS_ANY, ...further, ...operation.refusals]);
  return {
    "200": success,
    ...(Object.hasOwn(content, "text/event-stream") && { "204": NO_MORE_EVENTS }),
    ...(headers.includes("ETag") && { "304": notModified(headers) }),
    ...Object.fromEntries([...failures].map((kind) => [statusOf(kind), FAILURE_ANSWERS[kind]])),
  };
}

// That a client should not connect again: https://html.spec.whatwg.org/multipage/server-sent-events.html
const NO_MORE_EVENTS: ZodOpenApiResponseObject = {
  description: "There is nothing to follow any more.",
  headers: describeHeaders([]),
};

function notModified(headers: readonly AnswerHeader[]): ZodOpenApiResponseObject {
  return { description: "The caller's copy is the current one.", headers: describeHeaders(headers) };
}

/** What is said of one content type alone is JSON; a schema's first example becomes the content's. */
function describeContent(schemas: z.ZodType | SchemaByType): ZodOpenApiContentObject {
  const byType = schemas instanceof z.ZodType ? { "application/json": schemas } : schemas;
  return Object.fromEntries(
    Object.entries(byType).map(([type, schema]) => {
      const [example] = schema.meta()?.examples ?? [];
      return [type, { schema, ...(example !== undefined && { example }) }];
    }),
  );
}
