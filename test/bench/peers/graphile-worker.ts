import { makeWorkerUtils, run } from "graphile-worker";
import { CONCURRENCY, type Peer, type PeerEngines, parsePeerJob } from "./peer.ts";

const TASK = "work_on_chunk";

/**
 * With batching of fetches and completions, as its page about performance recommends for throughput:
 * https://worker.graphile.org/docs/performance
 */
export const graphileWorker: Peer = {
  async openProducer(engines) {
    const utils = await makeWorkerUtils({ preset: preset(engines) });
    await utils.migrate();
    return {
      async addJobs(jobs) {
        await utils.addJobs(jobs.map((payload) => ({ identifier: TASK, payload })));
      },
      async close() {
        await utils.release();
      },
    };
  },
  async startWorking(engines, work) {
    await run({
      preset: preset(engines),
      taskList: { [TASK]: (payload) => work(parsePeerJob(payload)) },
    });
  },
};

function preset({ databaseUrl }: PeerEngines): GraphileConfig.Preset {
  return {
    worker: {
      connectionString: databaseUrl,
      concurrentJobs: CONCURRENCY,
      maxPoolSize: 10,
      localQueue: { size: CONCURRENCY + 1 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  };
}
