import { EXAMPLE_ID } from "@bulk/api/examples";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openExchanger } from "../fuzz/exchange.ts";
import { type HostileRequest, hostileRequest } from "../fuzz/hostile-request.ts";
import { writeRequest } from "../fuzz/write-request.ts";
import { listExamples } from "../support/act-out-examples.ts";
import { type ApiDocument, fetchDocument } from "../support/documented.ts";
import { randomIds } from "../support/random-ids.ts";
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
  service = await openTestService({ MAX_RECORD_IDS: "50" });
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
  const { token, accountId } = await service.fillShop({}, `caller ${caller}`);
  const { id } = await service.submit(token, "delete_products", randomIds(1));
  using exchanger = openExchanger(service.url);
  const tally: Tally = { created: [id], statuses: [] };
  async function send(request: HostileRequest): Promise<void> {
    const { requestLine, pieces, ending } = writeRequest(request, token);
    const answer = await exchanger.exchange(pieces, request.method, ending);
    if (answer === undefined) throw new Error("The connection was closed without an answer.");
    tally.statuses.push(answer.status);
    await expectHarmless(request.method, requestLine, answer);
    tally.created.push(...listIds(answer));
    await expectOnly(accountId, tally.created);
  }
  const details = await fc.check(fc.asyncProperty(requestsAbout(id), send), {
    numRuns: REQUESTS / CALLERS,
    seed,
  });
  if (details.failed) expect.fail(tellFailure(details));
  return tally;
}

/** Where an example names a bulk action, it is one of the caller's own. */
function requestsAbout(id: string): fc.Arbitrary<HostileRequest> {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const names = operations.flatMap(({ parameters = [] }) => parameters.map(({ name }) => name));
  const examples = listExamples(document).map((example) => ({
    ...example,
    path: example.path.replace(EXAMPLE_ID, id),
  }));
  return hostileRequest(examples, names);
}

async function expectHarmless(method: string, requestLine: string, answer: RawAnswer): Promise<void> {
  if (answer.status >= 500) throw new Error(`${answer.status}: ${answer.body}`);
  // Answered as a GET would be, but without the body that there is to check.
  if (method !== "HEAD") await expectDocumentedRaw(service.url, requestLine, answer);
}

/** Removes what else there is, so that it speaks against this request and not those after it. */
async function expectOnly(accountId: string, ids: readonly string[]): Promise<void> {
  const { rows: others } = await pool.query(
    "DELETE FROM bulk_actions WHERE account_id = $1 AND id <> ALL ($2) RETURNING id",
    [accountId, ids],
  );
  if (others.length > 0) throw new Error("A refused request has written a bulk action.");
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
