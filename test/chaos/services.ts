import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findFreePort } from "@bulk/local/stack/free-port";
import { type Program, startProgram } from "../support/program.ts";
import { openTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { API_COUNT, type ChaosEngine, type ServiceName } from "./fault-plan.ts";

/** One of the service's processes, with a network of its own to each engine. */
export type ServiceProcess = AsyncDisposable & {
  readonly name: ServiceName;
  /** An API's address; a worker has none. */
  readonly url: string | undefined;
  /** The stretch of network between it and an engine, if it uses that engine. */
  findProxy(to: ChaosEngine): TcpProxy | undefined;
  isUp(): boolean;
  /** Resolves when it is up, or has said why it is not. */
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** SIGTERM; waits for its end. */
  terminate(): Promise<void>;
};

export type ServiceOptions = {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  /** What `RECORDS` names; `undefined`: the sample shop's declaration. */
  readonly recordsFile: string | undefined;
  /** Whether workers slow down for others. */
  readonly protect: "on" | "off";
  readonly workerCount: number;
  /** Where to keep what the processes write; `undefined`: nowhere. */
  readonly logDirectory: string | undefined;
  /** Hears of a process that does what it must not. */
  readonly report: (violation: string) => void;
};

/** Small chunks and short deadlines, so that much goes on and goes wrong in little time. */
const TUNING = {
  ...{ CHUNK_SIZE: "250", WORKER_CONCURRENCY: "3", API_POOL_SIZE: "5", OPS_PORT: "0", WORKER_OPS_PORT: "0" },
  ...{ LOCK_TIMEOUT_MS: "500", STATEMENT_TIMEOUT_MS: "3000", SHUTDOWN_MS: "5000" },
  // Never reached, but asked: the rate limiter must stand whatever happens to Redis.
  ...{ RATE_LIMIT: "1000000/1", MAX_OPEN_ACTIONS: "1000000" },
};

/** More than SHUTDOWN_MS and every deadline after it, on a busy machine. */
const TERMINATION_MS = 30_000;

/** Starts every process of the service, each behind proxies of its own. */
export async function startServices(options: ServiceOptions): Promise<readonly ServiceProcess[]> {
  const names: readonly ServiceName[] = [
    ...Array.from({ length: API_COUNT }, (_, index) => `api ${index + 1}` as const),
    ...Array.from({ length: options.workerCount }, (_, index) => `worker ${index + 1}` as const),
  ];
  const services = await Promise.all(names.map((name) => openService(name, options)));
  await Promise.all(services.map((service) => service.start()));
  return services;
}

async function openService(name: ServiceName, options: ServiceOptions): Promise<ServiceProcess> {
  const proxies = {
    postgres: await openTcpProxy(options.databaseUrl),
    redis: options.redisUrl === undefined ? undefined : await openTcpProxy(options.redisUrl),
  };
  const port = await findFreePort(0);
  const isApi = name.startsWith("api");
  const entry = isApi ? "apps/api/src/main.ts" : "apps/worker/src/main.ts";
  const environment = {
    ...TUNING,
    ...{ DATABASE_URL: proxies.postgres.url, PORT: String(port) },
    ...(proxies.redis && { REDIS_URL: proxies.redis.url }),
    ...(options.recordsFile !== undefined && { RECORDS: options.recordsFile }),
    PROTECT: options.protect,
  };
  const { dispose, ...control } = superviseProgram(name, () => startProgram(entry, environment), options);
  return {
    ...control,
    name,
    url: isApi ? `http://127.0.0.1:${port}` : undefined,
    findProxy: (to) => proxies[to],
    async [Symbol.asyncDispose]() {
      await dispose();
      await proxies.postgres[Symbol.asyncDispose]();
      await proxies.redis?.[Symbol.asyncDispose]();
    },
  };
}

type ProgramControl = Pick<ServiceProcess, "isUp" | "start" | "kill" | "freeze" | "thaw" | "terminate"> & {
  dispose(): Promise<void>;
};

/** Keeps a program running; one that ends although nobody ended it is reported and started again. */
function superviseProgram(
  name: ServiceName,
  launch: () => Program,
  { report, logDirectory }: Pick<ServiceOptions, "report" | "logDirectory">,
): ProgramControl {
  let running: Program | undefined;
  let isUp = false;
  let isDisposed = false;
  // Hands the process over to whoever ends it, so that its end is no surprise.
  function release(): Program | undefined {
    const program = running;
    running = undefined;
    isUp = false;
    return program;
  }
  async function watch(program: Program): Promise<void> {
    const ending = await program.exited();
    await saveOutput(name, program, logDirectory);
    if (running !== program) return;
    release();
    report(`The ${name} process ended by itself (${describe(ending)}): ${lastWords(program)}`);
    if (!isDisposed) await start();
  }
  async function start(): Promise<void> {
    if (running !== undefined) return;
    const program = launch();
    running = program;
    watch(program).catch((error: unknown) => report(`The ${name} process: ${String(error)}`));
    await Promise.race([program.says(/api is listening|worker is taking turns/, 60_000), program.exited()]);
    isUp = running === program;
  }
  return {
    isUp: () => isUp,
    start,
    async kill() {
      await release()?.[Symbol.asyncDispose]();
    },
    freeze() {
      isUp = false;
      running?.kill("SIGSTOP");
    },
    thaw() {
      running?.kill("SIGCONT");
      isUp = running !== undefined;
    },
    async terminate() {
      const program = release();
      const complaint = program && (await endInOrder(name, program));
      if (complaint !== undefined) report(complaint);
    },
    async dispose() {
      isDisposed = true;
      await release()?.[Symbol.asyncDispose]();
    },
  };
}

async function endInOrder(name: ServiceName, program: Program): Promise<string | undefined> {
  program.kill("SIGTERM");
  const timer = new AbortController();
  const late = wait(TERMINATION_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  const ending = await Promise.race([program.exited(), late]);
  timer.abort();
  if (ending === undefined) {
    program.kill("SIGKILL");
    return `The ${name} process had not ended ${TERMINATION_MS / 1000} s after SIGTERM: ${lastWords(program)}`;
  }
  if (ending.code === 0) return undefined;
  return `The ${name} process answered SIGTERM with ${describe(ending)}: ${lastWords(program)}`;
}

function describe({
  code,
  signal,
}: {
  readonly code: number | null;
  readonly signal: string | null;
}): string {
  return signal ?? `exit code ${code}`;
}

function lastWords(program: Program): string {
  return program.output().trim().split("\n").slice(-8).join(" | ").slice(-2_000);
}

async function saveOutput(name: ServiceName, program: Program, directory: string | undefined): Promise<void> {
  if (directory === undefined) return;
  await appendFile(join(directory, `${name.replace(" ", "-")}.log`), program.output());
}
