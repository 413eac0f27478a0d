import { readServerClock } from "@bulk/store/inspection/server-facts";
import { fault, type Observation, ok, skipped, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether this machine, PostgreSQL and Redis agree on the time. */
export async function checkClocks({ connection, redis, now }: Subject): Promise<readonly Observation[]> {
  const observations: Observation[] = [];
  if (connection !== undefined) {
    const leadMs = await measureLead(() => readServerClock(connection), now);
    observations.push(judge("PostgreSQL", leadMs, "tokens expire and delayed turns come early or late"));
  }
  if (redis !== undefined) {
    observations.push(judge("Redis", await measureLead(redis.readClock, now), "its log does not fit ours"));
  }
  return observations.length > 0 ? observations : [skipped("Neither engine can be reached.")];
}

/** How far another clock is ahead at least, in milliseconds; negative: behind. */
async function measureLead(readClock: () => Promise<number>, now: () => number): Promise<number> {
  const before = now();
  const there = await readClock();
  const after = now();
  // Anything in between is the way there and back.
  return there > after ? there - after : Math.min(there - before, 0);
}

function judge(engine: string, leadMs: number, harm: string): Observation {
  const skewMs = Math.abs(leadMs);
  if (skewMs <= 1_000) return ok(`The clocks of ${engine} and this machine are less than a second apart.`);
  const direction = leadMs > 0 ? "ahead of" : "behind";
  const found = `The clock of ${engine} is ${Math.round(skewMs / 1_000)} s ${direction} this machine's: ${harm}.`;
  const cure = "Let both be set by NTP (chronyd, systemd-timesyncd).";
  return skewMs > 30_000 ? fault(found, cure) : warning(found, cure);
}
