import { parseRedisInfo } from "./redis-info.ts";

/** Whether the engine keeps every job until a worker takes it. The reason is for people. */
export type EvictionState =
  | { readonly status: "ok" }
  | { readonly status: "unavailable" | "unknown"; readonly reason: string };

/**
 * Judges the response to `INFO memory`. `CONFIG GET` has the same setting, but many managed servers refuse it.
 * BullMQ requires `noeviction`: https://docs.bullmq.io/guide/going-to-production#max-memory-policy
 *
 * @param memoryInfo `undefined` when the queue is in the database, where nothing is evicted
 */
export function judgeEviction(memoryInfo: string | undefined): EvictionState {
  if (memoryInfo === undefined) return { status: "ok" };
  const policy = parseRedisInfo(memoryInfo).get("maxmemory_policy");
  if (policy === "noeviction") return { status: "ok" };
  if (policy === undefined)
    return { status: "unknown", reason: "Redis does not report its maxmemory-policy." };
  const reason = `Redis may evict turns: its maxmemory-policy is ${policy}. Set it to noeviction.`;
  return { status: "unavailable", reason };
}
