import { fillShop } from "@bulk/local/fill-shop";
import pg from "pg";
import { openBelongings } from "../fuzz/belongings.ts";
import { harass, summarizeStatuses, type Tally } from "../fuzz/harass.ts";
import { fetchDocument } from "../support/documented.ts";
import { startEngines } from "../support/engines.ts";
import { UNLIMITED } from "../support/unlimited.ts";
import { openCage } from "./cage.ts";
import { startCaged } from "./run.ts";

/** They mostly wait: a look-up of a wrong token rests 200 ms. */
const CALLERS = 32;

/** Connections that look at the tables after each request. */
const LOOKERS = 8;

const SHOP = { products: 2, customers: 0, inUse: 1 };

/** So many of each caller's in one go: its tables are looked at after each request, and must stay small. */
const REQUESTS_AT_ONCE = 250;

/** Sends so many hostile requests of the fuzz corpus to an API of its own; throws at the first that does harm. */
export async function runFuzz(
  requests: number,
  megabytes: number,
  seed: number,
  interrupted: AbortSignal,
): Promise<void> {
  await using engines = await startEngines("postgres", []);
  await using cage = await openCage("fuzz", megabytes);
  const environment = { ...UNLIMITED, MAX_RECORD_IDS: "50" };
  await using api = await startCaged("api", engines, cage, environment);
  const document = await fetchDocument(api.url);
  const pool = new pg.Pool({ connectionString: engines.databaseUrl, max: LOOKERS });
  const uninvolved = await fillShop(engines.databaseUrl, "uninvolved", SHOP);
  const untouched = await openBelongings(pool, uninvolved.accountId, "pending");
  const startedAt = performance.now();
  let sent = 0;
  async function call(caller: number, round: number): Promise<Tally> {
    const account = `caller ${caller} of round ${round}`;
    const shop = await fillShop(engines.databaseUrl, account, SHOP);
    const status = caller % 2 === 0 ? "pending" : "completed";
    const ownSeed = seed + round * CALLERS + caller;
    const most = Math.min(REQUESTS_AT_ONCE, Math.ceil((requests - sent) / CALLERS));
    return await harass({
      ...{ url: api.url, document, pool, shop, status },
      requests: most,
      seed: ownSeed,
    });
  }
  try {
    for (let round = 0; sent < requests && !interrupted.aborted; round += 1) {
      const tallies = await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller, round)));
      sent += tallies.reduce((sum, { statuses }) => sum + statuses.length, 0);
      const rate = Math.round((1_000 * sent) / (performance.now() - startedAt));
      const peakMb = await cage.readPeakMb(api.pid);
      const statuses = summarizeStatuses(tallies);
      console.log(`${sent} requests, ${rate} a second, ${peakMb} MB at most; ${statuses}`);
    }
    const changed = await untouched.restore();
    if (changed.length > 0)
      throw new Error(`Of an account that nobody called, ${changed.join(", ")} changed.`);
  } finally {
    await pool.end();
  }
}
