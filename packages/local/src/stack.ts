import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Service } from "@bulk/service/run-service";
import type { Engines } from "./engines.ts";

/** The API or a worker ended when it should not have; it has said why itself. */
export class StackError extends Error {
  override readonly name = "StackError";
}

export type StackOptions = {
  readonly engines: Engines;
  /** Variables for both processes. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where the processes log; `undefined`: to this process's output. */
  readonly logDirectory: string | undefined;
};

/**
 * Starts the API and a worker as processes of their own and waits until both have started. They end with
 * this process, however it ends. Throws `StackError` when one does not come up.
 */
export async function startStack(
  options: StackOptions,
): Promise<Service & { readonly failed: Promise<never> }> {
  const { engines, logDirectory } = options;
  const environment = {
    ...options.environment,
    DATABASE_URL: engines.databaseUrl,
    REDIS_URL: engines.redisUrl ?? "",
  };
  const api = startProcess("api", environment, logDirectory);
  const worker = startProcess("worker", environment, logDirectory);
  const failed = Promise.race([api.failed, worker.failed]);
  failed.catch(() => undefined);
  async function stop(): Promise<void> {
    await Promise.all([api.stop(), worker.stop()]);
  }
  try {
    await Promise.race([failed, Promise.all([api.ready, worker.ready])]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, failed };
}

function startProcess(
  name: "api" | "worker",
  environment: NodeJS.ProcessEnv,
  logDirectory: string | undefined,
) {
  const main = fileURLToPath(new URL(`../../../apps/${name}/src/main.ts`, import.meta.url));
  const log = logDirectory === undefined ? "inherit" : openSync(join(logDirectory, `${name}.log`), "a");
  const child = spawn(process.execPath, [main], {
    env: environment,
    // The channel lets the child notice that this process is gone.
    stdio: ["ignore", log, log, "ipc"],
    // Ctrl-C is for this process, which then stops the two in order.
    detached: true,
  });
  const exited = once(child, "exit");
  let isStopping = false;
  return {
    ready: once(child, "message"),
    failed: exited.then(([code, signal]) => {
      if (isStopping) return new Promise<never>(() => undefined);
      const where = logDirectory === undefined ? "" : `; see ${join(logDirectory, `${name}.log`)}`;
      throw new StackError(`The ${name} process ended (${signal ?? `exit code ${code}`})${where}.`);
    }),
    async stop() {
      isStopping = true;
      await stopChild(child, exited);
    },
  };
}

async function stopChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await exited;
}
