import type { Shop } from "../generator/host.ts";
import { type Contents, readShop } from "../read-shop.ts";
import { carryOut, carryOutSlice, type OracleOutcome, type OracleRun, type Slice } from "./oracle.ts";
import type { Client } from "./tables.ts";

/** The role that the oracle works as: it may do everything but evade policies. */
export const ORACLE_ROLE = "shop_oracle";

/** Action types whose declarations expect something else than what is there. */
export type Held = ReadonlySet<string>;

/** For each submission, what became of each id. */
export type Outcomes = readonly ReadonlyMap<string, OracleOutcome>[];

/** What the oracle says of a shop: the outcome of each id, and what must be left in the tables. */
export type Verdict = { readonly outcomes: Outcomes; readonly left: Contents };

/**
 * Carries out all submissions of the shop, forwards and backwards, each time in a transaction that is rolled back. Where
 * both agree, so must the service. Returns `undefined` where not: then records touch each other (a record and its
 * parent), and what is right depends on which of them the service takes in one statement.
 */
export async function findVerdict(client: Client, shop: Shop, held: Held): Promise<Verdict | undefined> {
  if (changesTwice(shop)) return undefined;
  const forward = await tryOut(client, shop, carryOutIn(client, shop, held, forwards));
  const backward = await tryOut(client, shop, carryOutIn(client, shop, held, backwards));
  return print(forward) === print(backward) ? forward : undefined;
}

/** Follows the service slice by slice, for each submission, in a transaction that is rolled back. */
export async function followSlices(
  client: Client,
  shop: Shop,
  held: Held,
  slices: readonly (readonly Slice[])[],
): Promise<Verdict> {
  return await tryOut(client, shop, async () => {
    const all = [];
    for (const [index, own] of slices.entries()) {
      const outcomes = new Map<string, OracleOutcome>(findHeld(shop, held, index));
      for (const slice of own) {
        for (const [id, outcome] of await carryOutSlice(client, runOf(shop, index), slice)) {
          outcomes.set(id, outcome);
        }
      }
      all.push(outcomes);
    }
    return all;
  });
}

function print({ outcomes, left }: Verdict): string {
  return JSON.stringify([outcomes.map(sorted), [...left]]);
}

// A record that is marked, and set null as the child of another record of its chunk: the statement changes a row once.
function changesTwice({ declaration, submissions }: Shop): boolean {
  return Object.values(declaration.records).some(({ schema, table, related = {}, actions }) => {
    const isSelf = (label: string) =>
      related[label]?.table === table && (related[label]?.schema ?? schema) === schema;
    return submissions.some(({ actionType }) => {
      const updated =
        actions[actionType]?.steps.flatMap((step) => ("update" in step ? step.update : [])) ?? [];
      return updated.includes("record") && updated.some(isSelf);
    });
  });
}

type Order = (ids: readonly string[]) => readonly string[];

function forwards(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

function backwards(ids: readonly string[]): readonly string[] {
  return forwards(ids).toReversed();
}

async function tryOut(client: Client, shop: Shop, work: () => Promise<Outcomes>): Promise<Verdict> {
  await client.query("BEGIN");
  try {
    await client.query(`SET LOCAL ROLE ${ORACLE_ROLE}`);
    const outcomes = await work();
    await client.query("SET LOCAL ROLE NONE");
    return { outcomes, left: await readShop(client, shop, TRACES.slice(0, shop.submissions.length)) };
  } finally {
    await client.query("ROLLBACK");
  }
}

function carryOutIn(client: Client, shop: Shop, held: Held, order: Order): () => Promise<Outcomes> {
  return async () => {
    const outcomes = [];
    for (const [index, { ids }] of shop.submissions.entries()) {
      const stopped = findHeld(shop, held, index);
      outcomes.push(stopped.size > 0 ? stopped : await carryOut(client, runOf(shop, index), order(ids)));
    }
    return outcomes;
  };
}

/** No id of a submission has been touched if its action type is held. */
function findHeld({ submissions }: Shop, held: Held, index: number): ReadonlyMap<string, OracleOutcome> {
  const { actionType = "", ids = [] } = submissions[index] ?? {};
  return new Map(held.has(actionType) ? ids.map((id) => [id, "held"]) : []);
}

const TRACES = [1, 2, 3, 4].map((number) => ({
  actionId: `00000000-0000-4000-8000-00000000000${number}`,
  moment: `200${number}-02-03 04:05:06.007+00`,
}));

function runOf({ declaration, submissions, accounts }: Shop, index: number): OracleRun {
  const submission = submissions[index];
  const declared = declaration.records["product"];
  const action = submission && declared?.actions[submission.actionType];
  const account = accounts.find(({ id }) => id === submission?.accountId);
  const trace = TRACES[index];
  if (!declared || !action || !account || !trace) throw new Error(`The shop has no submission ${index}.`);
  return { declared, action, accountKey: account.key ?? account.id, ...trace };
}

function sorted(outcomes: ReadonlyMap<string, OracleOutcome>): readonly (readonly [string, string])[] {
  return [...outcomes].sort(([one], [other]) => (one < other ? -1 : 1));
}
