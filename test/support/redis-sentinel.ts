import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@bulk/local/stack/free-port";
import { eventually } from "./eventually.ts";
import { sayToRedis, tellRedis } from "./redis-command.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

/** A primary with a replica, and one Sentinel that gives the replica its place when it is silent for half a second. */
export type WatchedRedis = {
  /** The primary's name with the Sentinel. */
  readonly name: string;
  readonly sentinelPort: number;
  readonly replica: RedisServer;
  /** Makes the primary answer nobody for so long; its connections stay. */
  hangPrimary(seconds: number): Promise<void>;
  dispose(): Promise<void>;
};

const NAME = "mymaster";

/** Starts all three and waits until the Sentinel knows the replica. */
export async function startWatchedRedis(program: string): Promise<WatchedRedis> {
  const primary = await startRedisServer(program, [
    ...["--enable-debug-command", "local"],
    // It would wait five seconds for further replicas.
    ...["--repl-diskless-sync-delay", "0"],
  ]);
  const replica = await startRedisServer(program, ["--replicaof", "127.0.0.1", String(primary.port)]);
  const sentinel = await startSentinel(program, primary.port);
  async function dispose(): Promise<void> {
    await sentinel.dispose();
    await replica.dispose();
    await primary.dispose();
  }
  try {
    await eventually(() => expectReplica(sentinel.port), 30_000);
    return {
      ...{ name: NAME, sentinelPort: sentinel.port, replica, dispose },
      hangPrimary: (seconds) => tellRedis(primary.port, `DEBUG SLEEP ${seconds}`),
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function expectReplica(sentinelPort: number): Promise<void> {
  const replicas = await sayToRedis(sentinelPort, `SENTINEL REPLICAS ${NAME}`);
  // Until then it would not be chosen.
  if (!replicas.includes("master-link-status\r\n$2\r\nok")) throw new Error(`No replica yet: ${replicas}`);
}

async function startSentinel(
  program: string,
  primaryPort: number,
): Promise<{ readonly port: number; dispose(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-sentinel-"));
  const port = await findFreePort(0);
  const file = join(directory, "sentinel.conf");
  await writeFile(
    file,
    `bind 127.0.0.1
port ${port}
dir ${directory}
sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 1
sentinel down-after-milliseconds ${NAME} 500
sentinel failover-timeout ${NAME} 5000
`,
  );
  const child = spawn(program, [file, "--sentinel"], { stdio: ["ignore", "ignore", "inherit"] });
  const exited = once(child, "exit");
  return {
    port,
    async dispose() {
      child.kill("SIGKILL");
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
