import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { FailureKind } from "@bulk/domain/errors/error-codes";
import { EXAMPLE_IDS } from "@bulk/wire/examples";
import { z } from "zod";
import {
  type CreateDocumentOptions,
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from "zod-openapi";
import manifest from "../../package.json" with { type: "json" };
import type { Endpoint, Operation, SchemaByType } from "../context.ts";
import { statusOf } from "../http/error-body.ts";
import { LIST_PARAMETERS } from "../http/input/query.ts";
import { describeHeaders, type ResponseHeader } from "../http/response-headers.ts";
import { type Route, takesBody } from "../routes.ts";
import { describeErrors } from "./describe-errors.ts";
import { describeWebhooks } from "./describe-webhooks.ts";
import { ERROR_RESPONSES } from "./error-responses.ts";

/** A route with its created endpoint. */
export type ServedRoute = Omit<Route, "endpoint"> & { readonly endpoint: Endpoint };

/** Returns the OpenAPI document of these routes, made from the schemas that their endpoints validate with. */
export function describeApi(routes: readonly ServedRoute[], effects: RecordEffects) {
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
      servers: [{ url: "/", description: "The server of this document." }],
      tags: tags.map((name) => ({ name })),
      paths: describePaths(routes),
      webhooks: describeWebhooks(effects),
      components: {
        securitySchemes: {
          token: {
            type: "http",
            scheme: "bearer",
            description: "An API token. Each operation requires one scope.",
          },
        },
      },
    },
    OPTIONS,
  );
}

const DESCRIPTION = `Deletes or archives thousands or millions of a shop's records in the background and reports the exact outcome of
every id.

Every response has a \`Request-Id\`. Send \`X-Request-Id\` to choose it. Times are Unix timestamps in whole seconds.

All errors share one schema. Branch on \`code\`. A 401 always means that the token is missing or invalid. After a 429
or a 503, wait for \`Retry-After\` seconds and try again.

${describeErrors()}`;

const OPTIONS: CreateDocumentOptions = {
  // Custom schemas have only checks; their metadata contains the shape.
  allowEmptySchema: { custom: true },
  override({ jsonSchema }) {
    // `.readonly()` concerns arrays in memory, not the API.
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
  const { id, summary, description, query, headers, body, isBodyOptional = false } = endpoint.operation;
  return {
    operationId: id,
    summary,
    description,
    tags: [nameTag(path)],
    security: [{ token: [scope] }],
    requestParams: {
      path: describePathParameters(path),
      ...(query !== undefined && { query: spellLists(query) }),
      ...(headers !== undefined && { header: headers }),
    },
    ...(body !== undefined && { requestBody: { required: !isBodyOptional, content: describeContent(body) } }),
    responses: describeResponses(endpoint.operation, takesBody(method) ? BODY_FAILURES : []),
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
    description: "The `id` of the object.",
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

/** Failures that any request may have. */
const COMMON_FAILURES: readonly FailureKind[] = [
  "malformed",
  "unauthorized",
  "forbidden",
  "limited",
  "slow",
  "headers_too_large",
  "internal",
  "unavailable",
];

/** Further failures of methods that may have a body. */
const BODY_FAILURES: readonly FailureKind[] = ["too_large", "unsupported"];

function describeResponses(
  operation: Operation,
  further: readonly FailureKind[],
): Readonly<Record<string, ZodOpenApiResponseObject>> {
  const headers = operation.responseHeaders ?? [];
  const content = describeContent(operation.response);
  const success = {
    description: "Success.",
    headers: describeHeaders(headers),
    content,
  };
  const failures = new Set([...COMMON_FAILURES, ...further, ...operation.refusals]);
  return {
    "200": success,
    ...(Object.hasOwn(content, "text/event-stream") && { "204": NO_MORE_EVENTS }),
    ...(headers.includes("ETag") && { "304": notModified(headers) }),
    ...Object.fromEntries([...failures].map((kind) => [statusOf(kind), ERROR_RESPONSES[kind]])),
  };
}

// Tells clients not to reconnect: https://html.spec.whatwg.org/multipage/server-sent-events.html
const NO_MORE_EVENTS: ZodOpenApiResponseObject = {
  description: "The bulk action has ended and all events have been sent. Do not reconnect.",
  headers: describeHeaders([]),
};

function notModified(headers: readonly ResponseHeader[]): ZodOpenApiResponseObject {
  return { description: "Not modified: the caller's copy is current.", headers: describeHeaders(headers) };
}

/** Returns the content by type; a single schema is JSON. A schema's first example becomes the content's example. */
function describeContent(schemas: z.ZodType | SchemaByType): ZodOpenApiContentObject {
  const byType = schemas instanceof z.ZodType ? { "application/json": schemas } : schemas;
  return Object.fromEntries(
    Object.entries(byType).map(([type, schema]) => {
      const [example] = schema.meta()?.examples ?? [];
      return [type, { schema, ...(example !== undefined && { example }) }];
    }),
  );
}
