import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import { every, type Periodic } from "@bulk/service/timing/every";
import type { Database } from "@bulk/store/database";
import { beat, removeGone, removeWorker } from "@bulk/store/workers/beat";
import manifest from "../../package.json" with { type: "json" };
import type { WorkLog } from "./work-log.ts";

export type PresenceOptions = {
  readonly database: Database;
  readonly work: Pick<WorkLog, "listTurns" | "recordsSoFar">;
  /** How many turns the process runs at once, beside a first turn. */
  readonly places: number;
  /** Receives what a beat throws. Work goes on without. */
  readonly onError: (error: unknown) => void;
};

const BEAT_MS = 2_000;

/** Looks for workers that are gone every half a minute. */
const BEATS_PER_LOOK = 15;

/**
 * Tells the database every two seconds that this worker runs, what it does and how many records it has tried since. `stop`
 * removes the worker. A beat of which nobody knows whether it arrived may count its records twice.
 */
export function startPresence({ database, work, places, onError }: PresenceOptions): Periodic {
  const identity = {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    version: manifest.version,
    places,
  };
  const startedAt = performance.now();
  let last = { at: startedAt, records: work.recordsSoFar() };
  let beatCount = 0;
  async function tell(): Promise<void> {
    const [at, records] = [performance.now(), work.recordsSoFar()];
    const counts = subtract(records, last.records);
    const recordsPerSecond = (1_000 * sum(counts)) / Math.max(at - last.at, 1);
    const turns = work.listTurns();
    await beat(database, { ...identity, ranMs: at - startedAt, turns, counts, recordsPerSecond });
    last = { at, records };
  }
  async function tellAndLook(): Promise<void> {
    await tell();
    if (beatCount % BEATS_PER_LOOK === 0) await removeGone(database);
    beatCount += 1;
  }
  const series = every(BEAT_MS, tellAndLook, onError);
  return {
    async stop() {
      await series.stop();
      await tell()
        .then(() => removeWorker(database, identity.id))
        .catch(onError);
    },
  };
}

function subtract(now: Tally, before: Tally): Tally {
  return {
    applied: now.applied - before.applied,
    skipped: now.skipped - before.skipped,
    failed: now.failed - before.failed,
  };
}

function sum({ applied, skipped, failed }: Tally): number {
  return applied + skipped + failed;
}
