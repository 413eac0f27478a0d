import { bullmqBulk, bullmqFlow } from "./bullmq.ts";
import { applyChunk, deleteInLoop, type PeerWork } from "./chunk-work.ts";
import { graphileWorker } from "./graphile-worker.ts";
import type { Peer } from "./peer.ts";
import { pgBoss } from "./pg-boss.ts";

/** One way to do the same work: a queue, what its jobs do, and how many records one of them has. */
export type Contestant = {
  readonly peer: Peer;
  readonly work: PeerWork;
  readonly recordsPerJob: number;
};

const CHUNKED = { work: applyChunk, recordsPerJob: 1_000 };

/** A chunk in each job, as our own worker does it. */
export const chunkedContestants: Readonly<Record<string, Contestant>> = {
  graphile_worker: { peer: graphileWorker, ...CHUNKED },
  pg_boss: { peer: pgBoss, ...CHUNKED },
  bullmq_all_jobs: { peer: bullmqBulk, ...CHUNKED },
  bullmq_flow: { peer: bullmqFlow, ...CHUNKED },
};

/** What one does before thinking of chunks. */
export const recordContestants: Readonly<Record<string, Contestant>> = {
  job_per_record: { peer: bullmqBulk, work: applyChunk, recordsPerJob: 1 },
  delete_loop: { peer: bullmqBulk, work: deleteInLoop, recordsPerJob: Number.MAX_SAFE_INTEGER },
};

export const contestants: Readonly<Record<string, Contestant>> = {
  ...chunkedContestants,
  ...recordContestants,
};
