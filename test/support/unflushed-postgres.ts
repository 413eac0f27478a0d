import { startEngines } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { queryOnce } from "./replicated-postgres.ts";

/** A PostgreSQL server of a test's own, with the service's tables and the sample shop, that can lose what it did not flush. */
export type UnflushedPostgres = AsyncDisposable & {
  readonly url: string;
  /** From now on only commits that wait for the disk write the log to disk. Ends with a crash. */
  stopFlushing(): Promise<void>;
  /** Kills the server's processes without a shutdown. It recovers from what is on disk; returns when it answers again. */
  crash(): Promise<void>;
};

/** Starts the server. Anything that is not flushed when it crashes is lost. */
export async function startUnflushedPostgres(): Promise<UnflushedPostgres> {
  const engines = await startEngines("postgres", ["autovacuum = off"]);
  const url = engines.databaseUrl;
  return {
    url,
    async stopFlushing() {
      for (const pid of await findWriters(url)) process.kill(pid, "SIGSTOP");
    },
    async crash() {
      const doomed = await findWriters(url);
      // The postmaster answers the death of one by ending all others and recovering. A stopped one would not end by itself.
      for (const pid of doomed) process.kill(pid, "SIGKILL");
      await eventually(async () => {
        const writers = await findWriters(url);
        if (writers.length === 0 || writers.some((pid) => doomed.includes(pid))) {
          throw new Error("The server has not recovered yet.");
        }
      });
    },
    [Symbol.asyncDispose]: () => engines[Symbol.asyncDispose](),
  };
}

/** The processes that flush the log without being asked by a commit. */
async function findWriters(url: string): Promise<readonly number[]> {
  const writers = await queryOnce<{ pid: number }>(
    url,
    "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('walwriter', 'background writer', 'checkpointer')",
  );
  return writers.map(({ pid }) => pid);
}
