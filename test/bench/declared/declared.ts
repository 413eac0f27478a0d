import { openDatabase } from "@bulk/store/database";
import pg from "pg";
import type { Bench, Measurement } from "../bench.ts";
import type { BenchEngines } from "../engines.ts";
import { collect, repeat } from "../figures.ts";
import { type Contestant, DELETING, MARKING } from "./contestants.ts";
import { CHUNK_SIZE, CONNECTIONS, type Ground, type Prepared, prepare } from "./prepare.ts";

/**
 * How many chunks of one contestant are timed before it is the next one's turn. What else the machine does meanwhile
 * lasts longer, and so meets all of them.
 */
const STRETCH = 2 * CONNECTIONS;

/**
 * The chunk statement of declared actions, without request and queue: a UUID key beside the action written in code,
 * other types of keys beside UUIDs, and marking records with three children each beside the same statements by hand.
 */
export async function declared({ engines, sizes, say }: Bench): Promise<readonly Measurement[]> {
  const database = openDatabase({
    ...{ url: engines.databaseUrl, applicationName: "bench", poolSize: CONNECTIONS },
    ...{ lockTimeoutMs: 0, statementTimeoutMs: 0 },
  });
  const byHand = new pg.Pool({
    ...{ connectionString: engines.databaseUrl, max: CONNECTIONS, application_name: "bench floor" },
  });
  const ground = { engines, database, byHand, accountId: await createAccount(engines) };
  const chunks = Math.ceil(sizes.products / 2 / CHUNK_SIZE);
  try {
    const competeAll = async (each: number) => ({
      ...(await compete(ground, DELETING, each)),
      ...(await compete(ground, MARKING, each)),
    });
    await competeAll(Math.ceil(chunks / 10));
    const runs = await repeat(sizes.pairs, async (number) => {
      const rates = await competeAll(chunks);
      const shares = compare(rates);
      say(`round ${number}: ${JSON.stringify(shares)}`);
      return {
        ...shares,
        ...Object.fromEntries(Object.entries(rates).map(([name, rate]) => [`${name}_per_second`, rate])),
      };
    });
    return collect(runs);
  } finally {
    await byHand.end();
    await database.$disconnect();
  }
}

async function createAccount({ database }: BenchEngines): Promise<string> {
  const { rows } = await database.query<{ id: string }>(
    "INSERT INTO bulk.accounts (name) VALUES ('declared ' || gen_random_uuid()) RETURNING id",
  );
  return String(rows[0]?.id);
}

/** Records per second of each contestant, on fresh tables of their own. */
async function compete(
  ground: Ground,
  contestants: readonly Contestant[],
  chunks: number,
): Promise<Readonly<Record<string, number>>> {
  const tookMs: Record<string, number> = {};
  const prepared: Prepared[] = [];
  for (const contestant of contestants) prepared.push(await prepare(ground, contestant, chunks));
  for (let left = chunks; left > 0; left -= STRETCH) {
    for (const { name, applyNext } of prepared) {
      const ms = await timeStretch(applyNext, Math.min(left, STRETCH));
      tookMs[name] = (tookMs[name] ?? 0) + ms;
    }
    // Nobody always follows the same one.
    prepared.reverse();
  }
  for (const { finish } of prepared) await finish();
  return Object.fromEntries(
    Object.entries(tookMs).map(([name, ms]) => [name, (1_000 * chunks * CHUNK_SIZE) / ms]),
  );
}

/** Milliseconds for so many chunks, on all connections. */
async function timeStretch(applyNext: Prepared["applyNext"], chunks: number): Promise<number> {
  let left = chunks;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0) await applyNext();
    }),
  );
  return performance.now() - startedAt;
}

function compare(rates: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const share = (name: string, other: string) => (rates[name] ?? Number.NaN) / (rates[other] ?? Number.NaN);
  return {
    declared_uuid_versus_written: share("declared_uuid", "written_uuid"),
    declared_bigint_versus_uuid: share("declared_bigint", "declared_uuid"),
    declared_text_versus_uuid: share("declared_text", "declared_uuid"),
    declared_marking_versus_by_hand: share("declared_marking", "marking_by_hand"),
  };
}
