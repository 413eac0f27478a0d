import { FlowProducer, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { CONCURRENCY, type Peer, type PeerEngines, type PeerProducer, parsePeerJob } from "./peer.ts";

const QUEUE = "peer-chunks";
const PARENTS = "peer-actions";

/** All jobs added up front, in one call. */
export const bullmqBulk: Peer = {
  async openProducer({ redisUrl }) {
    const connection = new Redis(redisUrl);
    const queue = new Queue(QUEUE, { connection });
    return closing(connection, queue, async (jobs) => {
      await queue.addBulk(jobs.map((data) => ({ name: "chunk", data, opts: CLEAN_UP })));
    });
  },
  startWorking: startChunkWorker,
};

/** A flow: one parent that waits for its chunks. */
export const bullmqFlow: Peer = {
  async openProducer({ redisUrl }) {
    const connection = new Redis(redisUrl);
    const producer = new FlowProducer({ connection });
    return closing(connection, producer, async (jobs) => {
      const children = jobs.map((data) => ({ name: "chunk", queueName: QUEUE, data, opts: CLEAN_UP }));
      await producer.add({ name: "action", queueName: PARENTS, children, opts: CLEAN_UP });
    });
  },
  async startWorking(engines, work) {
    await startChunkWorker(engines, work);
    const parents = new Worker(PARENTS, async () => "settled", { connection: connect(engines) });
    await parents.waitUntilReady();
  },
};

const CLEAN_UP = { removeOnComplete: true };

async function startChunkWorker(
  engines: PeerEngines,
  work: Parameters<Peer["startWorking"]>[1],
): Promise<void> {
  const options = { connection: connect(engines), concurrency: CONCURRENCY };
  const worker = new Worker(QUEUE, (job) => work(parsePeerJob(job.data)), options);
  worker.on("failed", (_job, error) => console.error(error));
  await worker.waitUntilReady();
}

function connect({ redisUrl }: PeerEngines): Redis {
  return new Redis(redisUrl, { maxRetriesPerRequest: null });
}

function closing(
  connection: Redis,
  producer: Pick<Queue, "close">,
  addJobs: PeerProducer["addJobs"],
): PeerProducer {
  return {
    addJobs,
    async close() {
      await producer.close();
      connection.disconnect();
    },
  };
}
