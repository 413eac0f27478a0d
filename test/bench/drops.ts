import type pg from "pg";
import type { Measurement } from "./bench.ts";
import type { BenchEngines } from "./engines.ts";
import { collect, repeat } from "./figures.ts";

const ROUNDS = 5;

/**
 * How long it takes to drop an expired day of a thousand records and one of the most, in turn. Others wait for a drop until the
 * day is empty. The files are removed after that, which takes the file system the longer the larger they are.
 */
export async function measureDrops(
  { database }: BenchEngines,
  most: number,
): Promise<readonly Measurement[]> {
  // One connection for all, and a round before the first, because a new connection reads the catalogs first.
  const dropper = await database.connect();
  try {
    await timeDrop(database, dropper, 1_000);
    const rounds = await repeat(ROUNDS, async () => {
      const few = await timeDrop(database, dropper, 1_000);
      const many = await timeDrop(database, dropper, most);
      return {
        drop_growth: many.emptyMs / few.emptyMs,
        drop_thousand_ms: few.emptyMs,
        drop_most_ms: many.emptyMs,
        drop_thousand_with_files_ms: few.removedMs,
        drop_most_with_files_ms: many.removedMs,
      };
    });
    return collect(rounds);
  } finally {
    dropper.release();
  }
}

/** Times the drop of the kept rows of so many records of one day: until others find it empty, and until its files are gone. */
async function timeDrop(database: pg.Pool, dropper: pg.PoolClient, records: number) {
  const slot = (Math.floor(Date.now() / 86_400_000) + 16) % 32;
  await database.query(
    `INSERT INTO bulk.kept_rows (slot, bulk_action_id, position, part, columns, rows)
     SELECT $1, gen_random_uuid(), n, 'record', '{id}',
            ARRAY(SELECT md5(n::text || i) || md5(i::text || n) FROM generate_series(1, 1000) AS i)
     FROM generate_series(1, $2::int / 1000) AS n`,
    [slot, records],
  );
  // What expires was written days ago.
  await database.query("CHECKPOINT");
  const startedAt = performance.now();
  const sinceStart = () => performance.now() - startedAt;
  const [removedMs, emptyMs] = await Promise.all([
    dropExpired(dropper).then(sinceStart),
    untilEmpty(database, slot).then(sinceStart),
  ]);
  return { removedMs, emptyMs };
}

async function dropExpired(dropper: pg.PoolClient): Promise<void> {
  const { rows } = await dropper.query<{ dropped: number }>("SELECT bulk.drop_expired_rows() AS dropped");
  if (rows[0]?.dropped !== 1) throw new Error("The expired rows were not dropped.");
}

async function untilEmpty(database: pg.Pool, slot: number): Promise<void> {
  for (;;) {
    const { rows } = await database.query(`SELECT FROM bulk.kept_rows_${slot} LIMIT 1`);
    if (rows.length === 0) return;
  }
}
