import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

/*
 * Watches a bulk action from outside, as a process of its own, by the clock of the database: how many records have
 * their outcome, and who waits for a lock of the service. Writes `observer is ready`; at SIGTERM writes what it saw as
 * one line of JSON.
 */

/** What the observer saw. */
export type Observation = {
  /** At a moment, in milliseconds since 1970, so many records had their outcome. */
  readonly progress: readonly (readonly [at: number, records: number])[];
  /** Milliseconds of each wait of a session of the shop for a lock of the service, as they were last seen. */
  readonly waits: readonly number[];
};

const EVERY_MS = 20;

/** The service's own sessions have names that begin like this. This one is not the shop either. */
const OURS = "bulk-actions-%";

const LOOK = `
  SELECT 1000 * extract(epoch FROM clock_timestamp())::float8 AS at,
    (SELECT coalesce(sum(done_count), 0)::int FROM bulk.bulk_action_chunks) AS records,
    (SELECT coalesce(json_agg(json_build_array(waiting.pid || ' ' || waiting.waitstart,
         1000 * extract(epoch FROM clock_timestamp() - waiting.waitstart)::float8)), '[]')
     FROM pg_locks AS waiting JOIN pg_stat_activity AS session USING (pid)
     WHERE NOT waiting.granted AND waiting.waitstart IS NOT NULL AND session.application_name NOT LIKE $1
       AND EXISTS (SELECT FROM pg_stat_activity AS blocking
         WHERE blocking.pid = ANY (pg_blocking_pids(waiting.pid)) AND blocking.application_name LIKE $1)) AS waits`;

type Look = {
  readonly at: number;
  readonly records: number;
  readonly waits: readonly (readonly [wait: string, milliseconds: number])[];
};

const client = new pg.Client({
  connectionString: process.env["DATABASE_URL"],
  application_name: "bulk-actions-observer",
});
await client.connect();
const closing = new AbortController();
process.once("SIGTERM", () => closing.abort());
console.log("observer is ready");
console.log(JSON.stringify(await observe(closing.signal)));
await client.end();

async function observe(ends: AbortSignal): Promise<Observation> {
  const progress: (readonly [number, number])[] = [];
  const waits = new Map<string, number>();
  while (!ends.aborted) {
    const { rows } = await client.query<Look>({ name: "look", text: LOOK, values: [OURS] });
    for (const look of rows) {
      progress.push([look.at, look.records]);
      for (const [name, milliseconds] of look.waits) waits.set(name, milliseconds);
    }
    await wait(EVERY_MS);
  }
  return { progress, waits: [...waits.values()] };
}
