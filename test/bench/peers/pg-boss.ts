import { PgBoss } from "pg-boss";
import { CONCURRENCY, type Peer, type PeerJob } from "./peer.ts";

const QUEUE = "work-on-chunk";

/** With notifications, and fetching on while there is more, so that it never waits for its next poll. */
export const pgBoss: Peer = {
  async openProducer({ databaseUrl }) {
    const boss = await start(databaseUrl);
    await boss.createQueue(QUEUE, { notify: true });
    return {
      async addJobs(jobs) {
        await boss.insert(
          QUEUE,
          jobs.map((data) => ({ data })),
        );
      },
      close: () => boss.stop({ graceful: false }),
    };
  },
  async startWorking({ databaseUrl }, work) {
    const boss = await start(databaseUrl);
    const options = { localConcurrency: CONCURRENCY, batchSize: 5, burstWhenBatchFull: true };
    await boss.work<PeerJob>(QUEUE, { ...options, pollingIntervalSeconds: 0.5 }, async (jobs) => {
      for (const { data } of jobs) await work(data);
    });
  },
};

async function start(databaseUrl: string): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: databaseUrl, useListenNotify: true });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  return boss;
}
