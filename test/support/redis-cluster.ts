import { findFreePort } from "@bulk/local/stack/free-port";
import { eventually } from "./eventually.ts";
import { sayToRedis, tellRedis } from "./redis-command.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

/** A Redis Cluster of three primaries without replicas, of a test's own. */
export type RedisCluster = {
  readonly nodes: readonly RedisServer[];
  dispose(): Promise<void>;
};

/** The slots of each node. */
const RANGES = ["0 5460", "5461 10922", "10923 16383"];

/** Starts the nodes, brings them together, and waits until each knows of all. */
export async function startRedisCluster(program: string): Promise<RedisCluster> {
  const started = await Promise.all(RANGES.map((range) => startNode(program, range)));
  const nodes = started.map(({ server }) => server);
  async function dispose(): Promise<void> {
    for (const node of nodes) await node.dispose();
  }
  try {
    const [first, ...others] = started;
    for (const { server, busPort } of others) {
      await tellRedis(first?.server.port ?? 0, `CLUSTER MEET 127.0.0.1 ${server.port} ${busPort}`);
    }
    await eventually(() => Promise.all(nodes.map(expectComplete)), 30_000);
    return { nodes, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function startNode(
  program: string,
  range: string,
): Promise<{ readonly server: RedisServer; readonly busPort: number }> {
  const busPort = await findFreePort(0);
  const server = await startRedisServer(program, [
    ...["--cluster-enabled", "yes", "--cluster-port", String(busPort)],
    // A cluster that is halted for want of one node would test nothing about the other two.
    ...["--cluster-require-full-coverage", "no"],
  ]);
  await tellRedis(server.port, `CLUSTER ADDSLOTSRANGE ${range}`);
  return { server, busPort };
}

async function expectComplete({ port }: RedisServer): Promise<void> {
  const info = await sayToRedis(port, "CLUSTER INFO");
  if (!info.includes("cluster_slots_ok:16384")) throw new Error(info);
}
