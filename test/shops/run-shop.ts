import { listExpectations } from "@bulk/catalog/expected/list-expectations";
import type { Plan } from "@bulk/catalog/plan/plan-record";
import { compileRecords } from "@bulk/records/compile/compile-records";
import { parseRecords } from "@bulk/records/declaration/load-records";
import type pg from "pg";
import { asServiceRole, grantDeclared } from "../support/service-role.ts";
import type { DeclaredAction, DeclaredRecord } from "./declaration.ts";
import { buildShop } from "./generator/build-shop.ts";
import { writeExpects } from "./generator/draw-expectations.ts";
import type { Shop } from "./generator/host.ts";
import { quote } from "./generator/names.ts";
import { type Heard, hearNotifications } from "./hear-notifications.ts";
import { findExpectations } from "./oracle/find-expectations.ts";
import type { Client } from "./oracle/tables.ts";
import {
  findVerdict,
  followSlices,
  type Held,
  ORACLE_ROLE,
  type Outcomes,
  type Verdict,
} from "./oracle/verdict.ts";
import { planShop } from "./plan-shop.ts";
import { compareContents, readShop } from "./read-shop.ts";
import { type Served, serveSubmissions } from "./serve-submissions.ts";
import { withClient } from "./with-client.ts";

/** What a run of a shop found. */
export type ShopReport = {
  /** Whose declaration was served: the drawn one, or that of `records plan`, which may have refused the table. */
  readonly kind: "drawn" | "planned" | "refused";
  /** Every difference between the service and the oracle, as a sentence. */
  readonly differences: readonly string[];
  /** How many ids had which outcome. */
  readonly outcomes: ReadonlyMap<string, number>;
};

/**
 * Builds the shop in this database, which holds the service's tables and no other shop, lets the service carry out its
 * submissions, and compares outcomes and tables with what the oracle says. Removes the shop in the end.
 *
 * Every third shop is served as `records plan` proposes. Plan may refuse a shop if something of it is hostile, which is
 * not served then, or if no foreign key links the table that says whose the records are. Everything that plan does not
 * refuse must be served without a difference.
 */
export async function runShop(databaseUrl: string, drawn: Shop): Promise<ShopReport> {
  return await withClient(databaseUrl, async (client) => {
    const { refusals, declaration } = await plan(databaseUrl, client, drawn);
    if (refusals.length > 0 && drawn.hostility !== undefined) {
      const peaceful = { ...drawn, hostility: undefined };
      const others = await plan(databaseUrl, client, peaceful);
      return { ...NOTHING, kind: "refused", differences: findUnjust(peaceful, others.refusals) };
    }
    const isPlanned = declaration !== undefined && drawn.seed % 3 === 0;
    const shop = isPlanned ? declare(drawn, declaration) : await withExpects(client, drawn);
    const { differences, outcomes } = await serveAndCompare(databaseUrl, client, shop);
    return {
      kind: isPlanned ? "planned" : "drawn",
      differences: [...findUnjust(drawn, refusals), ...differences],
      outcomes: count(outcomes),
    };
  });
}

async function plan(databaseUrl: string, client: Client, shop: Shop): Promise<Plan> {
  await clear(client);
  await prepare(client, shop);
  return await planShop(databaseUrl, shop);
}

function findUnjust({ declaration, tables }: Shop, refusals: readonly string[]): readonly string[] {
  const { account } = declaration.records["product"] ?? {};
  const joined = typeof account === "object" && "join" in account ? account.join.table : undefined;
  const isLinked = tables.every(({ name, references }) => name !== joined || references.length > 0);
  return isLinked ? refusals.map((refusal) => `records plan refuses it: ${refusal}`) : [];
}

const NOTHING: Pick<ShopReport, "differences" | "outcomes"> = { differences: [], outcomes: new Map() };

function declare(shop: Shop, product: DeclaredRecord): Shop {
  const submissions = shop.submissions.filter(({ actionType }) => product.actions[actionType] !== undefined);
  return { ...shop, declaration: { records: { product } }, submissions };
}

/** The shop with declarations that say what they expect, right or wrong, as it was drawn. */
async function withExpects(client: Client, shop: Shop): Promise<Shop> {
  const { product } = shop.declaration.records;
  if (product === undefined) return shop;
  const actions: Record<string, DeclaredAction> = {};
  for (const [type, action] of Object.entries(product.actions)) {
    const lines = await findExpectations(client, product, action);
    const expects = writeExpects(lines, shop.expectations[type] ?? { kind: "none", at: 0 });
    actions[type] = { ...action, ...(expects && { expects }) };
  }
  return { ...shop, declaration: { records: { product: { ...product, actions } } } };
}

async function findHeld(client: Client, { declaration }: Shop): Promise<Held> {
  const held = new Set<string>();
  for (const record of Object.values(declaration.records)) {
    for (const [type, action] of Object.entries(record.actions)) {
      const lines = await findExpectations(client, record, action);
      if (action.expects && String([...action.expects].sort()) !== String(lines)) held.add(type);
    }
  }
  return held;
}

async function serveAndCompare(databaseUrl: string, client: pg.Client, shop: Shop) {
  const held = await findHeld(client, shop);
  const verdict = await findVerdict(client, shop, held);
  const file = parseRecords(`shop ${shop.seed}`, JSON.stringify(shop.declaration));
  const compiled = { actions: compileRecords(file), expectations: listExpectations(file) };
  await grantDeclared((sql) => client.query(sql), shop.declaration);
  const { result: served, heard } = await hearNotifications(client, () =>
    serveSubmissions(asServiceRole(databaseUrl), client, shop, compiled),
  );
  const outcomes = served.map((one) => one.outcomes);
  const left = await readShop(client, shop, served);
  const expected = verdict ?? (await follow(client, shop, held, served));
  const differences = [
    ...compareOutcomes(expected, outcomes),
    ...compareContents(expected.left, left),
    ...compareNotifications(shop, expected, served, heard),
  ];
  return { differences, outcomes };
}

// The oracle follows the service on a shop as it was.
async function follow(client: Client, shop: Shop, held: Held, served: readonly Served[]): Promise<Verdict> {
  await clear(client);
  await prepare(client, shop);
  const slices = served.map(({ outcomes, slices: own }) =>
    own.map((ids) => ({ ids, applied: new Set(ids.filter((id) => outcomes.get(id) === "applied")) })),
  );
  return await followSlices(client, shop, held, slices);
}

// Each record that was changed, once, on the channel of its action.
function compareNotifications(
  { declaration, submissions }: Shop,
  { outcomes }: Verdict,
  served: readonly Served[],
  heard: readonly Heard[],
): readonly string[] {
  const due = submissions.flatMap(({ actionType }, index): readonly Heard[] => {
    const channel = declaration.records["product"]?.actions[actionType]?.notify;
    const actionId = served[index]?.actionId ?? "";
    const applied = [...(outcomes[index] ?? [])].filter(([, code]) => code === "applied");
    return channel === undefined
      ? []
      : applied.map(([recordId]) => ({ channel, actionId, actionType, recordId }));
  });
  const [expected, got] = [due, heard].map((all) => all.map((one) => JSON.stringify(one, NOTIFIED)).sort());
  const isSame = JSON.stringify(expected) === JSON.stringify(got);
  return isSame ? [] : [`notified: ${got}; due: ${expected}`];
}

const NOTIFIED = ["channel", "actionId", "actionType", "recordId"];

function compareOutcomes(expected: Verdict, outcomes: Outcomes): readonly string[] {
  return expected.outcomes.flatMap((codes, index) =>
    [...codes].flatMap(([id, code]) => {
      const outcome = outcomes[index]?.get(id) ?? "no outcome";
      if (code === outcome) return [];
      return [`submission ${index}, ${JSON.stringify(id)}: ${outcome} in place of ${code}`];
    }),
  );
}

function count(outcomes: Outcomes): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const outcome of outcomes.flatMap((one) => [...one.values()])) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

async function prepare(client: Client, shop: Shop): Promise<void> {
  await buildShop(client, shop);
  await client.query(`DO $$ BEGIN
    IF to_regrole('${ORACLE_ROLE}') IS NULL THEN CREATE ROLE ${ORACLE_ROLE}; END IF;
  END $$`);
  for (const schema of new Set(shop.tables.map((table) => table.schema))) {
    await client.query(`GRANT USAGE ON SCHEMA ${quote(schema)} TO ${ORACLE_ROLE}`);
    await client.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${quote(schema)} TO ${ORACLE_ROLE}`);
  }
  for (const { id, name, key } of shop.accounts) {
    await client.query("INSERT INTO bulk.accounts (id, name, key) VALUES ($1, $2, $3)", [id, name, key]);
  }
}

// Everything but the service's own tables, whose rows go.
async function clear(client: Client): Promise<void> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT quote_ident(nspname) AS schema FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'bulk', 'bullmq')`,
  );
  for (const { schema } of rows) await client.query(`DROP SCHEMA ${schema} CASCADE`);
  await client.query("CREATE SCHEMA public");
  await client.query("TRUNCATE bulk.accounts CASCADE");
}
