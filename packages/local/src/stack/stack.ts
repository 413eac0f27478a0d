import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Service } from "@bulk/service/process/run-service";
import type { Engines } from "./engines.ts";

/** The API or a worker did not start; its own output says why. */
export class StackError extends Error {
  override readonly name = "StackError";
}

export type StackOptions = {
  readonly engines: Pick<Engines, "environment">;
  /** Variables for both processes. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where the processes log; `undefined`: to the output of this process. */
  readonly logDirectory: string | undefined;
};

/**
 * Starts the API and a worker as separate processes, and waits until both are ready. A process that dies is restarted. Both
 * end with this process, however it ends. Throws `StackError` when one does not start.
 */
export async function startStack(
  options: StackOptions,
): Promise<Service & { readonly failed: Promise<never> }> {
  const { engines, logDirectory } = options;
  const environment = {
    ...options.environment,
    ...engines.environment,
    // Already read; the processes would refuse them beside the variables themselves.
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

// Like a process manager, restarts a process that dies: an attack or a database outage must not keep the service down. A
// process that never started is a failure: its port is taken, or its configuration is wrong.
function keepRunning(
  name: "api" | "worker",
  environment: NodeJS.ProcessEnv,
  logDirectory: string | undefined,
): Kept {
  const stopping = new AbortController();
  let current = startProcess(name, environment, logDirectory);
  const { ready } = current;
  let failures = 0;
  async function watch(): Promise<never> {
    for (let hasEverStarted = false; ; ) {
      const ending = await current.ended;
      if (stopping.signal.aborted) return await new Promise<never>(() => undefined);
      hasEverStarted ||= current.hasStarted();
      const where = logDirectory === undefined ? "" : `; see ${join(logDirectory, `${name}.log`)}`;
      const what = `The ${name} process ended (${ending})${where}.`;
      if (!hasEverStarted) throw new StackError(what);
      failures = current.hasLasted() ? 0 : failures + 1;
      const pauseMs = restartPauseMs(failures);
      console.error(`${what} It is started again${pauseMs === 0 ? "" : ` in ${pauseMs / 1_000} s`}.`);
      await wait(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) current = startProcess(name, environment, logDirectory);
    }
  }
  return {
    ready,
    failed: watch(),
    async stop() {
      stopping.abort();
      await current.stop();
    },
  };
}

/** How long a process must have run to be restarted at once. */
const LASTED_MS = 60_000;

/**
 * Returns how long to wait before restarting a process that has ended so many times in a row, each time within a minute of
 * its start: 0, 0, then from half a second doubling to ten seconds.
 */
export function restartPauseMs(failures: number): number {
  return failures < 2 ? 0 : Math.min(500 * 2 ** (failures - 2), 10_000);
}

function startProcess(name: string, environment: NodeJS.ProcessEnv, logDirectory: string | undefined) {
  const main = fileURLToPath(new URL(`../../../../apps/${name}/src/main.ts`, import.meta.url));
  const log =
    logDirectory === undefined ? "inherit" : openSync(join(logDirectory, `${name}.log`), "a", 0o600);
  const child = spawn(process.execPath, [main], {
    env: environment,
    // Through the channel, the child notices the end of this process.
    stdio: ["ignore", log, log, "ipc"],
    // Ctrl-C reaches only this process, which then stops the two in order.
    detached: true,
  });
  if (typeof log === "number") closeSync(log);
  const startedAt = performance.now();
  let hasStarted = false;
  child.once("message", () => {
    hasStarted = true;
  });
  // A process that the system refuses to create, for example for lack of memory, counts as ended.
  const ended = once(child, "exit").then(([code, signal]) => String(signal ?? `exit code ${code}`), String);
  const ready = once(child, "message");
  ready.catch(() => undefined);
  return {
    ready,
    hasStarted: () => hasStarted,
    hasLasted: () => performance.now() - startedAt >= LASTED_MS,
    ended,
    stop: () => stopChild(child, ended),
  };
}

async function stopChild(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await ended;
}
