import fc from "fast-check";
import type pg from "pg";
import { listExamples } from "../support/act-out-examples.ts";
import type { ApiDocument } from "../support/documented.ts";
import { expectDocumentedRaw, type RawAnswer } from "../support/raw-http.ts";
import { type Belongings, openBelongings } from "./belongings.ts";
import { openExchanger } from "./exchange.ts";
import { type HostileRequest, hostileRequest } from "./hostile-request.ts";
import { withKeyedExamples } from "./keyed-actions.ts";
import { writeRequest } from "./write-request.ts";

export type HarassOptions = {
  readonly url: string;
  readonly document: ApiDocument;
  /** To look at the database with, which is watched (`watchWrites`). */
  readonly pool: pg.Pool;
  /** Of an account that nobody else uses. */
  readonly shop: { readonly token: string; readonly accountId: string };
  /** Whether its bulk action can be canceled or retried. */
  readonly status: "pending" | "completed";
  readonly requests: number;
  readonly seed: number;
  /** From when on nothing more is sent. */
  readonly isOver?: () => boolean;
};

/** What one caller was answered, and which bulk actions there may be now. */
export type Tally = { readonly created: string[]; readonly statuses: number[] };

/**
 * Sends hostile requests, one after the other. Throws when one is answered with a fault of ours, otherwise than
 * documented or not at all, or when something was changed by one that was refused.
 *
 * @param tally is added to, also when this throws
 */
export async function harass(
  options: HarassOptions,
  tally: Tally = { created: [], statuses: [] },
): Promise<Tally> {
  const { url, pool, shop, status, requests, seed, isOver = () => false } = options;
  const belongings = await openBelongings(pool, shop.accountId, status);
  using exchanger = openExchanger(url);
  tally.created.push(belongings.ids.bulk_actions);
  async function send(request: HostileRequest): Promise<void> {
    if (isOver()) return;
    const { requestLine, pieces, ending } = writeRequest(request, shop.token);
    const answer = await exchanger.exchange(pieces, request.method, ending);
    if (answer === undefined) throw new Error("The connection was closed without an answer.");
    tally.statuses.push(answer.status);
    await expectHarmless(url, requestLine, answer);
    tally.created.push(...listIds(answer));
    const changed = await belongings.restore();
    const mayChange = answer.status === 200 && ["POST", "PATCH", "DELETE"].includes(request.method);
    if (!mayChange && changed.length > 0) throw new Error(`It has changed ${changed.join(", ")}.`);
  }
  const property = fc.asyncProperty(requestsAbout(options.document, belongings), send);
  const details = await fc.check(property, { numRuns: requests, seed });
  if (details.failed) throw new Error(tellFailure(details));
  return tally;
}

/** How often each status was answered. */
export function summarizeStatuses(tallies: readonly Tally[]): string {
  const statuses = tallies.flatMap((tally) => tally.statuses);
  return Object.entries(Object.groupBy(statuses, (status) => status))
    .map(([status, all = []]) => `${status}: ${all.length}`)
    .join(", ");
}

/** Where an example names an object, it is the caller's own. */
function requestsAbout(document: ApiDocument, { ids }: Belongings): fc.Arbitrary<HostileRequest> {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const names = operations.flatMap(({ parameters = [] }) => parameters.map(({ name }) => name));
  const examples = withKeyedExamples(listExamples(document)).map((example) => {
    const { path } = example;
    const own = Object.entries(ids).find(([collection]) => path.startsWith(`/v1/${collection}/`));
    return { ...example, path: own ? path.replace(UUID, own[1]) : path };
  });
  return hostileRequest(examples, names);
}

const UUID = /[\da-f]{8}-[\da-f-]{27}/;

async function expectHarmless(url: string, requestLine: string, answer: RawAnswer): Promise<void> {
  if (answer.status >= 500) throw new Error(`${answer.status}: ${answer.body}`);
  await expectDocumentedRaw(url, requestLine, answer);
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
