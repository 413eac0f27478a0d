import { parentPort, workerData } from "node:worker_threads";
import { type FilledShop, fillShopOf, openForSeed } from "@bulk/local/fill-shop";
import pg from "pg";
import { removeWritten } from "../fuzz/belongings.ts";
import { harass, type Tally } from "../fuzz/harass.ts";
import { ONLOOKER } from "../fuzz/writes.ts";
import { fetchDocument } from "../support/documented.ts";

/** What a crew is to do. */
export type CrewOrder = {
  readonly apiUrl: string;
  readonly databaseUrl: string;
  /** Its name; no other crew has it. */
  readonly crew: number;
  readonly callers: number;
  readonly requests: number;
  readonly seed: number;
};

/** What a crew reports every second: the status of every answer since, and what must not happen. */
export type CrewReport = {
  readonly statuses: readonly number[];
  readonly violations: readonly string[];
};

const SHOP = { products: 2, customers: 0, inUse: 1 };

/** So many of a caller's with one shop: lists of what it has created must not grow for ever. */
const REQUESTS_AT_ONCE = 500;

const REPORT_EVERY_MS = 1_000;

const PAUSE = "INSERT INTO bulk.pauses (scope, subject, paused_by) VALUES ('account', $1, 'fuzz')";

const RESUME = "DELETE FROM bulk.pauses WHERE scope = 'account' AND subject = $1";

// A thread of its own for callers that send hostile requests: making up requests and checking answers must not slow down
// whoever measures, and a second crew takes a second core.
const order = workerData as CrewOrder;
const pool = new pg.Pool({
  connectionString: order.databaseUrl,
  application_name: ONLOOKER,
  max: Math.ceil(order.callers / 4),
});
const seeding = openForSeed(order.databaseUrl);
let lastShop: Promise<unknown> = Promise.resolve();
const document = await fetchDocument(order.apiUrl);
let left = order.requests;
let isOver = false;
// Any message says that it is to end.
parentPort?.once("message", () => {
  isOver = true;
});
const [statuses, violations]: [number[], string[]] = [[], []];
const reporting = setInterval(report, REPORT_EVERY_MS);
await Promise.all(Array.from({ length: order.callers }, (_, caller) => callOften(caller)));
clearInterval(reporting);
report();
await seeding.$disconnect();
await pool.end();
parentPort?.close();

async function callOften(caller: number): Promise<void> {
  for (let round = 0; left > 0 && !isOver; round += 1) {
    const requests = Math.min(REQUESTS_AT_ONCE, left);
    left -= requests;
    await callWithNewShop(caller, round, requests);
  }
}

function report(): void {
  parentPort?.postMessage({
    statuses: statuses.splice(0),
    violations: violations.splice(0),
  } satisfies CrewReport);
}

async function callWithNewShop(caller: number, round: number, requests: number): Promise<void> {
  const shop = await openShop(`crew ${order.crew}, caller ${caller}, round ${round}`);
  const status = caller % 2 === 0 ? "pending" : "completed";
  const seed = order.seed + 1_000 * round + order.callers * order.crew + caller;
  const tally: Tally = { created: [], statuses };
  const common = { url: order.apiUrl, document, pool, isOver: () => isOver };
  const options = { ...common, shop, status, requests, seed } as const;
  // What can be canceled, no worker may do first.
  if (status === "pending") await pool.query(PAUSE, [shop.accountId]);
  await harass(options, tally).catch((error: unknown) => violations.push(String(error)));
  await pool.query(RESUME, [shop.accountId]);
  await removeWritten(pool, shop.accountId);
}

/** One after another: all at once, those that wait for the connection would run into its time-out. */
function openShop(account: string): Promise<FilledShop> {
  const shop = lastShop.then(() => fillShopOf(seeding, account, SHOP));
  lastShop = shop.catch(() => undefined);
  return shop;
}
