/** Where the engines are. */
export type PeerEngines = { readonly databaseUrl: string; readonly redisUrl: string };

/** One job: a chunk to work on. */
export type PeerJob = { readonly bulkActionId: string; readonly position: number };

/** How many jobs every peer runs at once: as many as our worker takes turns. */
export const CONCURRENCY = 4;

/** A queue somebody would pick instead, used as its own documentation recommends. */
export type Peer = {
  /** In the process that accepts: opens what adds jobs. */
  openProducer(engines: PeerEngines): Promise<PeerProducer>;
  /** In the worker process: runs jobs from now on. */
  startWorking(engines: PeerEngines, work: (job: PeerJob) => Promise<void>): Promise<void>;
};

export type PeerProducer = {
  /** Adds all jobs of a bulk action in as few steps as the queue offers. */
  addJobs(jobs: readonly PeerJob[]): Promise<void>;
  close(): Promise<void>;
};

/** A job's payload as it came out of a queue. */
export function parsePeerJob(value: unknown): PeerJob {
  if (typeof value === "object" && value !== null && "bulkActionId" in value && "position" in value) {
    const { bulkActionId, position } = value;
    if (typeof bulkActionId === "string" && typeof position === "number") return { bulkActionId, position };
  }
  throw new Error(`This is no job: ${JSON.stringify(value)}`);
}
