import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Service } from "@bulk/service/run-service";
import type { Engines } from "./engines.ts";

/** The API or a worker did not come up; it has said why itself. */
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
 * Starts the API and a worker as processes of their own and waits until both have started. One that dies is
 * started again; they end with this process, however it ends. Throws `StackError` when one does not come up.
 */
export async function startStack(
  options: StackOptions,
): Promise<Service & { readonly failed: Promise<never> }> {
  const { engines, logDirectory } = options;
  const environment = {
    ...options.environment,
    ...engines.environment,
    // Read already, where they were given; beside the variables themselves they would be refused.
    ...Object.fromEntries(Object.keys(engines.environment).map((name) => [`${name}_FILE`, ""])),
  };
  const api = keepRunning("api", environment, logDirectory);
  const worker = keepRunning("worker", environment, logDirectory);
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

type Kept = { readonly ready: Promise<unknown>; readonly failed: Promise<never>; stop(): Promise<void> };

// What dies under work is started again, as any process manager would; what does not even start is a failure.
function keepRunning(
  name: "api" | "worker",
  environment: NodeJS.ProcessEnv,
  logDirectory: string | undefined,
): Kept {
  let current = startProcess(name, environment, logDirectory);
  let isStopping = false;
  async function watch(): Promise<never> {
    for (;;) {
      const ending = await current.ended;
      if (isStopping) return await new Promise<never>(() => undefined);
      const where = logDirectory === undefined ? "" : `; see ${join(logDirectory, `${name}.log`)}`;
      const what = `The ${name} process ended (${ending})${where}.`;
      if (!current.hasStarted()) throw new StackError(what);
      console.error(`${what} It is started again.`);
      current = startProcess(name, environment, logDirectory);
    }
  }
  return {
    ready: current.ready,
    failed: watch(),
    async stop() {
      isStopping = true;
      await current.stop();
    },
  };
}

function startProcess(name: string, environment: NodeJS.ProcessEnv, logDirectory: string | undefined) {
  const main = fileURLToPath(new URL(`../../../apps/${name}/src/main.ts`, import.meta.url));
  const log = logDirectory === undefined ? "inherit" : openSync(join(logDirectory, `${name}.log`), "a");
  const child = spawn(process.execPath, [main], {
    env: environment,
    // The channel lets the child notice that this process is gone.
    stdio: ["ignore", log, log, "ipc"],
    // Ctrl-C is for this process, which then stops the two in order.
    detached: true,
  });
  if (typeof log === "number") closeSync(log);
  let hasStarted = false;
  child.once("message", () => {
    hasStarted = true;
  });
  const ended = once(child, "exit").then(([code, signal]) => String(signal ?? `exit code ${code}`));
  return {
    ready: once(child, "message"),
    hasStarted: () => hasStarted,
    ended,
    stop: () => stopChild(child, ended),
  };
}

async function stopChild(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await ended;
}
