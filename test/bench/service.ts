import { findFreePort } from "@bulk/local/stack/free-port";
import { type Client, createClient } from "../support/client.ts";
import { type Program, startProgram } from "../support/program.ts";
import type { BenchEngines } from "./engines.ts";

/** The service under measurement: API and workers as processes of their own, with default settings, but for limits. */
export type BenchService = AsyncDisposable &
  Client & {
    readonly url: string;
    readonly api: Program;
    readonly workers: readonly Program[];
    startWorkers(count: number): Promise<void>;
  };

/** Starts an API and this many workers. */
export async function startService(
  engines: BenchEngines,
  workerCount: number,
  overrides: NodeJS.ProcessEnv = {},
): Promise<BenchService> {
  // Turns that nobody took in an earlier case would be taken in this one.
  await engines.redis?.flush();
  const port = await findFreePort(0);
  const environment = {
    DATABASE_URL: engines.databaseUrl,
    ...(engines.redis && { REDIS_URL: engines.redis.url }),
    ...{ PORT: String(port), OPS_PORT: "0", WORKER_OPS_PORT: "0", MAX_RECORD_IDS: "1000000" },
    // Neither the floor nor a peer keeps what it deletes; what that costs is a case of its own.
    RESTORE_DAYS: "0",
    // Limits that are never reached; what a request pays for the rate limiter is measured with it.
    ...{ RATE_LIMIT: "1000000/1", MAX_OPEN_ACTIONS: "1000000" },
    ...overrides,
  };
  const url = `http://127.0.0.1:${port}`;
  const api = startProgram("apps/api/src/main.ts", environment);
  const workers: Program[] = [];
  const service = {
    ...createClient(url, fetch),
    ...{ url, api, workers },
    async startWorkers(count: number) {
      const added = Array.from({ length: count }, () => startProgram("apps/worker/src/main.ts", environment));
      workers.push(...added);
      await Promise.all(added.map((worker) => worker.says(/taking turns/)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...workers, api].map((program) => program[Symbol.asyncDispose]()));
    },
  };
  await Promise.all([api.says(/api is listening/), service.startWorkers(workerCount)]);
  return service;
}
