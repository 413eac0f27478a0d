import { randomBytes } from "node:crypto";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Belongings, openBelongings } from "../fuzz/belongings.ts";
import { openExchanger } from "../fuzz/exchange.ts";
import { type HostileRequest, hostileRequest } from "../fuzz/hostile-request.ts";
import { writeRequest } from "../fuzz/write-request.ts";
import { listExamples } from "../support/act-out-examples.ts";
import { type ApiDocument, fetchDocument } from "../support/documented.ts";
import { expectDocumentedRaw, type RawAnswer } from "../support/raw-http.ts";
import { expectNothingElseWritten } from "../support/refusal.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/** With the other engine's as many: 20,000. Several callers at once, because most of a request is waiting. */
const REQUESTS = 10_000;
const CALLERS = 8;

let service: TestService;
let document: ApiDocument;
/** The callers look at once. */
let pool: pg.Pool;

beforeAll(async () => {
  service = await openTestService({
    MAX_RECORD_IDS: "50",
    WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"),
  });
  document = await fetchDocument(service.url);
  pool = new pg.Pool({ connectionString: service.database.url, max: CALLERS });
});

afterAll(async () => {
  await pool.end();
  await service[Symbol.asyncDispose]();
});

test("hostile requests are refused in the error's shape, and nothing is written for any of them", {
  timeout: 240_000,
}, async () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
  console.info(`FUZZ_SEED=${seed}`);
  const tallies = await Promise.all(
    Array.from({ length: CALLERS }, (_, caller) => harass(caller, seed + caller)),
  );

  const byStatus = Object.groupBy(
    tallies.flatMap(({ statuses }) => statuses),
    (status) => status,
  );
  console.info(
    Object.entries(byStatus)
      .map(([status, all = []]) => `${status}: ${all.length}`)
      .join(", "),
  );
  await expectNothingElseWritten(
    service,
    tallies.flatMap(({ created }) => created),
  );
});

type Tally = { readonly created: string[]; readonly statuses: number[] };

/** One caller's share of the requests, with an account of its own. */
async function harass(caller: number, seed: number): Promise<Tally> {
  const { token, accountId } = await service.fillShop({ products: 2, inUse: 1 }, `caller ${caller}`);
  const belongings = await openBelongings(pool, accountId, caller % 2 === 0 ? "pending" : "completed");
  using exchanger = openExchanger(service.url);
  const tally: Tally = { created: [belongings.ids.bulk_actions], statuses: [] };
  async function send(request: HostileRequest): Promise<void> {
    const { requestLine, pieces, ending } = writeRequest(request, token);
    const answer = await exchanger.exchange(pieces, request.method, ending);
    if (answer === undefined) throw new Error("The connection was closed without an answer.");
    tally.statuses.push(answer.status);
    await expectHarmless(requestLine, answer);
    tally.created.push(...listIds(answer));
    const changed = await belongings.restore();
    const mayChange = answer.status === 200 && ["POST", "PATCH", "DELETE"].includes(request.method);
    if (!mayChange && changed.length > 0) throw new Error(`It has changed ${changed.join(", ")}.`);
  }
  const details = await fc.check(fc.asyncProperty(requestsAbout(belongings), send), {
    numRuns: REQUESTS / CALLERS,
    seed,
  });
  if (details.failed) expect.fail(tellFailure(details));
  return tally;
}

/** Where an example names an object, it is the caller's own. */
function requestsAbout({ ids }: Belongings): fc.Arbitrary<HostileRequest> {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const names = operations.flatMap(({ parameters = [] }) => parameters.map(({ name }) => name));
  const examples = listExamples(document).map((example) => {
    const { path } = example;
    const own = Object.entries(ids).find(([collection]) => path.startsWith(`/v1/${collection}/`));
    return { ...example, path: own ? path.replace(UUID, own[1]) : path };
  });
  return hostileRequest(examples, names);
}

const UUID = /[\da-f]{8}-[\da-f-]{27}/;

async function expectHarmless(requestLine: string, answer: RawAnswer): Promise<void> {
  if (answer.status >= 500) throw new Error(`${answer.status}: ${answer.body}`);
  await expectDocumentedRaw(service.url, requestLine, answer);
}

/** The bulk action that a success speaks of. */
function listIds({ status, headers, body }: RawAnswer): readonly string[] {
  const isJson = headers["content-type"]?.startsWith("application/json") ?? false;
  if (status !== 200 || !isJson || body === "") return [];
  const { id }: { id?: unknown } = JSON.parse(body);
  return typeof id === "string" ? [id] : [];
}

function tellFailure({ errorInstance, seed, counterexample }: fc.RunDetails<[HostileRequest]>): string {
  const request = fc.stringify(counterexample?.[0]).slice(0, 3_000);
  return `${errorInstance}\n\n${request}\n\nTo play it again: FUZZ_SEED=${seed}`;
}
