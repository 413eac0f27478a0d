import { fillShop } from "@bulk/local/fill-shop";
import pg from "pg";
import { harass, summarizeStatuses, type Tally } from "../fuzz/harass.ts";
import { fetchDocument } from "../support/documented.ts";
import { startEngines } from "../support/engines.ts";
import { UNLIMITED } from "../support/unlimited.ts";
import { openCage } from "./cage.ts";
import { startCaged } from "./run.ts";

const CALLERS = 8;

/** So many of each caller's in one go: its tables are looked at after each request, and must stay small. */
const REQUESTS_AT_ONCE = 2_500;

/** Sends so many hostile requests of the fuzz corpus to an API of its own; throws at the first that does harm. */
export async function runFuzz(requests: number, megabytes: number, seed: number): Promise<void> {
  await using engines = await startEngines("postgres", []);
  await using cage = await openCage("fuzz", megabytes);
  const environment = { ...UNLIMITED, MAX_RECORD_IDS: "50" };
  await using api = await startCaged("api", engines.databaseUrl, cage, environment);
  const document = await fetchDocument(api.url);
  const pool = new pg.Pool({ connectionString: engines.databaseUrl, max: CALLERS });
  let sent = 0;
  async function call(caller: number, round: number): Promise<Tally> {
    const account = `caller ${caller} of round ${round}`;
    const shop = await fillShop(engines.databaseUrl, account, { products: 2, customers: 0, inUse: 1 });
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
    for (let round = 0; sent < requests; round += 1) {
      const tallies = await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller, round)));
      sent += tallies.reduce((sum, { statuses }) => sum + statuses.length, 0);
      console.log(`${sent} requests, ${await cage.readPeakMb()} MB at most; ${summarizeStatuses(tallies)}`);
    }
  } finally {
    await pool.end();
  }
}
