/** Whether the queue accepts turns. The reason is for people. */
export type QueueState =
  | { readonly status: "ok" }
  | { readonly status: "unavailable"; readonly reason: string };

/** Tries a write and explains why the engine refuses it. Throws when the engine does not respond. */
export async function examineWrites(write: () => Promise<unknown>): Promise<QueueState> {
  try {
    await write();
    return { status: "ok" };
  } catch (error) {
    const reason = findReason(error);
    if (reason === undefined) throw error;
    return { status: "unavailable", reason };
  }
}

/** Returns the error of a replica that refuses a write, as Redis words it. */
export function readOnlyReplica(): Error {
  return new Error("READONLY This server is a replica.");
}

function findReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [code = ""] = error.message.split(" ", 1);
  return REASONS.get(code);
}

// The first word of an error reply is its code: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
const REASONS: ReadonlyMap<string, string> = new Map([
  ["READONLY", "Redis is a read-only replica. Connect to the primary, or through its Sentinels."],
  ["OOM", "Redis is out of memory: its data exceeds maxmemory."],
  ["NOREPLICAS", "Redis has fewer replicas than its min-replicas-to-write."],
  ["MISCONF", "Redis cannot save its snapshot, and refuses writes until it can."],
  ["LOADING", "Redis is still loading its data."],
  ["MASTERDOWN", "Redis is a replica that has lost its primary."],
  ["CLUSTERDOWN", "The Redis Cluster is down: some of its slots have no node."],
  ["NOPERM", "The Redis user lacks rights on keys that begin with {bulk}."],
]);
