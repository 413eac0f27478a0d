import { eventually } from "../../support/eventually.ts";
import { startProgram } from "../../support/program.ts";
import type { BenchEngines } from "../engines.ts";
import { startService } from "../service.ts";
import type { BenchShop } from "../shop.ts";
import { startBareApi } from "../start-bare-api.ts";
import { submitTimed, timeAction } from "../time-action.ts";

/** Something that deletes: an API and a worker, each a process of its own. */
export type Runner = AsyncDisposable & {
  /** Milliseconds from the POST to the end of the last chunk. */
  time(shop: BenchShop): Promise<number>;
};

/** The service itself; its time also holds the writing of the terminal status. */
export async function startOwn(engines: BenchEngines): Promise<Runner> {
  const service = await startService(engines, 1);
  return {
    time: (shop) => timeAction(engines, service, shop),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** A contestant's worker behind the bare handler. */
export async function startContestant(
  engines: BenchEngines,
  name: string,
  shop: Pick<BenchShop, "accountId">,
): Promise<Runner> {
  const { databaseUrl, redis } = engines;
  await engines.redis?.flush();
  const api = await startBareApi(engines, shop, name);
  const environment = { DATABASE_URL: databaseUrl, REDIS_URL: redis?.url };
  const worker = startProgram("test/bench/peer-worker.ts", environment, [name]);
  await worker.says(/peer is working/);
  return {
    async time(shop) {
      const { startedAt, id } = await submitTimed(api, shop);
      return (await untilFinished(engines, id)) - startedAt;
    },
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

async function untilFinished({ database }: BenchEngines, id: string): Promise<number> {
  return await eventually(async () => {
    const { rows } = await database.query<{ unfinished: number; finished_at: Date }>(
      `SELECT count(*) FILTER (WHERE finished_at IS NULL)::int AS unfinished, max(finished_at) AS finished_at
       FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1`,
      [id],
    );
    if (rows[0]?.unfinished !== 0) throw new Error(`${rows[0]?.unfinished} chunks are unfinished.`);
    return rows[0].finished_at.getTime();
  }, 120_000);
}
