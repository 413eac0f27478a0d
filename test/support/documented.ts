import { statusOf } from "@bulk/api/http/error-body";
import { originForm } from "@bulk/api/http/server/origin-form";
import { API_ERRORS, type ErrorDescription } from "@bulk/domain/errors/error-codes";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** An answer of the API, wherever it was caught. */
export type CaughtAnswer = {
  readonly method: string;
  /** Path and query, as it was asked for. */
  readonly target: string;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What the tests read of the OpenAPI document. */
export type ApiDocument = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly webhooks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly responses: Readonly<Record<string, DocumentedAnswer>> };
};

export type DocumentedOperation = {
  readonly operationId: string;
  readonly parameters?: readonly DocumentedParameter[];
  readonly requestBody?: { readonly content: DocumentedContent };
  readonly responses: Readonly<Record<string, DocumentedAnswer | { readonly $ref: string }>>;
};

type DocumentedParameter = {
  readonly in: string;
  readonly name: string;
  readonly example?: string | readonly string[];
};

export type DocumentedAnswer = {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: DocumentedContent;
};

type DocumentedContent = Readonly<Record<string, { readonly example?: unknown }>>;

/**
 * `fetch`, but an answer that the API's own document does not allow is an error: a status, a header, a content
 * type or a key that it does not name. Answers when all of the body is there.
 */
export async function fetchDocumented(url: string, init: RequestInit = {}): Promise<Response> {
  const { origin, pathname, search } = new URL(url);
  // Before the call: afterwards the API may have stopped.
  await loadChecker(origin);
  const response = await fetchInTime(url, init);
  const headers = Object.fromEntries(response.headers);
  const isEndless = headers["content-type"]?.startsWith("text/event-stream") ?? false;
  await expectDocumented(origin, {
    ...{ method: init.method ?? "GET", target: `${pathname}${search}`, status: response.status, headers },
    body: isEndless ? "" : await response.clone().text(),
  });
  return response;
}

/** The longest wait that a caller may ask for, and some. */
const ANSWERED_WITHIN_MS = 40_000;

/** `fetch`, but a call without an answer is an error that names it, not a test that hangs. */
async function fetchInTime(url: string, init: RequestInit = {}): Promise<Response> {
  const late = new AbortController();
  const signals = [late.signal, ...(init.signal ? [init.signal] : [])];
  const error = new Error(`${init.method ?? "GET"} ${url} was not answered within ${ANSWERED_WITHIN_MS} ms.`);
  const timer = setTimeout(() => late.abort(error), ANSWERED_WITHIN_MS);
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any(signals) });
  } finally {
    // The body may come as slowly as it likes.
    clearTimeout(timer);
  }
}

/** Throws when the document of the API at this origin does not allow the answer. */
export async function expectDocumented(origin: string, answer: CaughtAnswer): Promise<void> {
  const found = (await loadChecker(origin)).findFault(answer);
  if (found === undefined) return;
  const { method, target, status, body } = answer;
  throw new Error(`${method} ${target} → ${status} is not as documented: ${found}\n${body.slice(0, 500)}`);
}

/** Throws when the document does not allow this event, as it was sent to a receiver. */
export async function expectDocumentedEvent(origin: string, body: string): Promise<void> {
  const fault = (await loadChecker(origin)).findEventFault(body);
  if (fault !== undefined) throw new Error(`The event is not as documented: ${fault}\n${body.slice(0, 500)}`);
}

export async function fetchDocument(origin: string): Promise<ApiDocument> {
  const response = await fetchInTime(`${origin}/openapi.json`);
  return (await response.json()) as ApiDocument;
}

type Checker = {
  readonly findFault: (answer: CaughtAnswer) => string | undefined;
  readonly findEventFault: (body: string) => string | undefined;
};

/** By origin. */
const checkers = new Map<string, Promise<Checker>>();

/** By document, which depends on the records that an API serves. Compiling one takes longer than most tests. */
const compiled = new Map<string, Checker>();

function loadChecker(origin: string): Promise<Checker> {
  const known = checkers.get(origin);
  if (known !== undefined) return known;
  const loading = fetchDocument(origin).then(compileOnce);
  checkers.set(origin, loading);
  loading.catch(() => checkers.delete(origin));
  return loading;
}

function compileOnce(document: ApiDocument): Checker {
  const text = JSON.stringify(document);
  const checker = compiled.get(text) ?? compileChecker(document);
  compiled.set(text, checker);
  return checker;
}

/** What no operation is found for can still be refused, in the shape of every refusal. */
const UNROUTED: Readonly<Record<string, string>> = {
  "400": "Malformed",
  "404": "NotFound",
  "408": "TooSlow",
  "431": "HeadersTooLarge",
};

function compileChecker(document: ApiDocument): Checker {
  const findSchema = openSchemas(document);
  return {
    findEventFault(body) {
      const event = JSON.parse(body) as { readonly type: string };
      const at = ["webhooks", event.type, "post", "requestBody", "content", "application/json", "schema"];
      return findBodyFault([event], findSchema(at));
    },
    findFault({ method, target, status, headers, body }) {
      // The root points to the document, which does not speak of it.
      if (status === 302 && headers["location"] === "/docs") return undefined;
      const asked = method === "HEAD" ? "GET" : method;
      const at = locateAnswer(document, asked, target, status);
      if (at === undefined) return "no such status in the document";
      const { headers: documented = {}, content } = answerAt(document, at);
      const header = findUnnamed(Object.keys(headers), Object.keys(documented));
      if (header !== undefined) return `no header ${header} in the document`;
      if (content === undefined) return body === "" ? undefined : "no body in the document";
      const [type = ""] = (headers["content-type"] ?? "").split(";");
      if (!Object.hasOwn(content, type)) return `no content type ${type} in the document`;
      if (method === "HEAD") return undefined;
      const fault =
        findBodyFault(readValues(type, body), findSchema([...at, "content", type, "schema"])) ??
        findBodyFault(readLines(type, body), findSchema(RECORD));
      return fault ?? (status < 400 ? undefined : findCodeFault(status, JSON.parse(body)));
    },
  };
}

/** HTTP's own and helmet's, of which the document does not speak. */
const USUAL_HEADERS =
  /^(date|connection|keep-alive|transfer-encoding|content-.+|cache-control|vary|x-.+|cross-origin-.+|origin-agent-cluster|referrer-policy|strict-transport-security)$/;

function findUnnamed(headers: readonly string[], documented: readonly string[]): string | undefined {
  const named = new Set(documented.map((name) => name.toLowerCase()));
  return headers.find((name) => !USUAL_HEADERS.test(name) && !named.has(name));
}

type Location = readonly string[];

function locateAnswer(
  document: ApiDocument,
  method: string,
  target: string,
  status: number,
): Location | undefined {
  const path = findPath(document, method.toLowerCase(), target);
  const operation = document.paths[path ?? ""]?.[method.toLowerCase()];
  if (path === undefined || operation === undefined) {
    const name = UNROUTED[status];
    return name === undefined ? undefined : ["components", "responses", name];
  }
  const answer = operation.responses[status];
  if (answer === undefined) return undefined;
  if ("$ref" in answer) return answer.$ref.split("/").slice(1);
  return ["paths", path, method.toLowerCase(), "responses", String(status)];
}

/** The documented path with this method that the target is of; of several the one that says more. */
function findPath({ paths }: ApiDocument, method: string, target: string): string | undefined {
  const [asked = ""] = originForm(target).split("?");
  return Object.keys(paths)
    .filter((path) => Object.hasOwn(paths[path] ?? {}, method))
    .filter((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}/?$`, "i").test(asked))
    .sort((one, other) => one.split("{").length - other.split("{").length)[0];
}

function answerAt(document: ApiDocument, at: Location): DocumentedAnswer {
  let found: unknown = document;
  for (const key of at) found = Reflect.get(Object(found), key);
  return found as DocumentedAnswer;
}

/** The compiled schema of each place of the document. */
function openSchemas(document: ApiDocument): (at: Location) => ValidateFunction {
  // Not strict: OpenAPI knows keywords that JSON Schema does not.
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");
  const compiled = new Map<string, ValidateFunction>();
  return (at) => {
    const pointer = at.map((key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1")));
    const $ref = `api#/${pointer.join("/")}`;
    const known = compiled.get($ref) ?? ajv.compile({ $ref });
    compiled.set($ref, known);
    return known;
  };
}

function findBodyFault(values: readonly unknown[], validate: ValidateFunction): string | undefined {
  for (const value of values) {
    if (validate(value)) continue;
    const [{ instancePath, message, params } = { instancePath: "", message: "", params: {} }] =
      validate.errors ?? [];
    return `${instancePath} ${message} ${JSON.stringify(params)}`;
  }
  return undefined;
}

const CODES: ReadonlyMap<string, ErrorDescription> = new Map(Object.entries(API_ERRORS));

/** Why the table of codes does not allow this error. */
function findCodeFault(status: number, { code }: { readonly code: string }): string | undefined {
  const known = CODES.get(code);
  const isOfStatus = known !== undefined && statusOf(known.kind) === status;
  return isOfStatus ? undefined : `the table has ${code} with another status`;
}

/** What NDJSON has on its lines; its own schema speaks of text. */
const RECORD = ["components", "schemas", "BulkActionRecord"];

function readLines(type: string, body: string): readonly unknown[] {
  if (type !== "application/x-ndjson") return [];
  return body.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

/** What the schema of this content type is about: the body, as JSON or text, or the data of each event. */
export function readValues(type: string, body: string): readonly unknown[] {
  switch (type) {
    case "application/json":
      return [JSON.parse(body)];
    case "application/x-ndjson":
      return [body];
    case "text/event-stream":
      return [...body.matchAll(/^data: ?(.+)$/gm)].map(([, data]) => JSON.parse(String(data)));
    default:
      return [];
  }
}
