import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
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

// What dies is started again, as any process manager would, for as long as this process lives: whatever ended it, an
// attack or a database that was away for a while, must not keep the service down. What has never started is a failure:
// its port is taken, or its configuration wrong.
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

/** How long a process must have run to be started again at once. */
const LASTED_MS = 60_000;

/**
 * How long to wait before a process is started again that has ended so many times in a row, each time within a minute
 * of its start: 0, 0, then from half a second doubling to ten seconds.
 */
export function restartPauseMs(failures: number): number {
  return failures < 2 ? 0 : Math.min(500 * 2 ** (failures - 2), 10_000);
}

function startProcess(name: string, environment: NodeJS.ProcessEnv, logDirectory: string | undefined) {
  const main = fileURLToPath(new URL(`../../../apps/${name}/src/main.ts`, import.meta.url));
  const log =
    logDirectory === undefined ? "inherit" : openSync(join(logDirectory, `${name}.log`), "a", 0o600);
  const child = spawn(process.execPath, [main], {
    env: environment,
    // The channel lets the child notice that this process is gone.
    stdio: ["ignore", log, log, "ipc"],
    // Ctrl-C is for this process, which then stops the two in order.
    detached: true,
  });
  if (typeof log === "number") closeSync(log);
  const startedAt = performance.now();
  let hasStarted = false;
  child.once("message", () => {
    hasStarted = true;
  });
  // A process that the system refuses to make, for want of memory for example, has ended as well.
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
