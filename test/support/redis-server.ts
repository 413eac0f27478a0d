import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findFreePort } from "@bulk/local/stack/free-port";
import { findProgram } from "./find-program.ts";
import { tellRedis } from "./redis-command.ts";

/** A Redis (or Valkey) of a test's own, to be stopped, flushed and started again. */
export type RedisServer = {
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  /** Ends it at once, as a crash would; what it held is gone. */
  kill(): Promise<void>;
  /** FLUSHALL: it runs on, but has forgotten everything. */
  flush(): Promise<void>;
  dispose(): Promise<void>;
};

/** The first Redis-compatible server program on the PATH. */
export function findRedisServer(): Promise<string | undefined> {
  return findProgram("redis-server", "valkey-server");
}

/** Starts a server on a free port, with further options if need be; it keeps nothing on disk. */
export async function startRedisServer(
  program: string,
  furtherOptions: readonly string[] = [],
): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-redis-"));
  const port = await findFreePort(0);
  let stop: () => Promise<void> = async () => undefined;
  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    async start() {
      stop = await launch(program, port, directory, furtherOptions);
    },
    async kill() {
      await stop();
    },
    async flush() {
      await tellRedis(port, "FLUSHALL");
    },
    async dispose() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function launch(
  program: string,
  port: number,
  directory: string,
  furtherOptions: readonly string[],
): Promise<() => Promise<void>> {
  const options = [
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    directory,
    ...furtherOptions,
  ];
  const child = spawn(program, ["--port", String(port), ...options, "--maxmemory-policy", "noeviction"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    if (/ready to accept connections/i.test(line)) break;
  }
  child.stdout.resume();
  if (child.exitCode !== null) throw new Error(`${program} did not start on port ${port}.`);
  return async () => {
    child.kill("SIGKILL");
    await exited;
  };
}
