import { parseRedisInfo } from "./redis-info.ts";

/** Whether the engine keeps every job until somebody takes it; the reason is for people. */
export type EvictionState =
  | { readonly status: "ok" }
  | { readonly status: "unavailable" | "unknown"; readonly reason: string };

/**
 * Judges what `INFO memory` says; `CONFIG GET`, which tells the same, is refused by many managed servers.
 * BullMQ demands `noeviction`: https://docs.bullmq.io/guide/going-to-production#max-memory-policy
 *
 * @param memoryInfo `undefined` where no Redis holds the queue; a table evicts nothing
 */
export function judgeEviction(memoryInfo: string | undefined): EvictionState {
  if (memoryInfo === undefined) return { status: "ok" };
  const policy = parseRedisInfo(memoryInfo).get("maxmemory_policy");
  if (policy === "noeviction") return { status: "ok" };
  if (policy === undefined) return { status: "unknown", reason: "Redis does not tell its maxmemory-policy." };
  const reason = `Redis may throw turns away: its maxmemory-policy is ${policy}. Set it to noeviction.`;
  return { status: "unavailable", reason };
}
