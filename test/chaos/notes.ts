import type { ClientRecord } from "./client.ts";
import type { ChaosEngine } from "./fault-plan.ts";
import type { ChaosHostName } from "./hosts/hosts.ts";
import type { Sights } from "./poller.ts";

export type ChaosOptions = {
  readonly seconds: number;
  readonly seed: number;
  readonly engine: ChaosEngine;
  /** Everything that can break, or workers restarted in turn and nothing else. */
  readonly plan: "faults" | "rolling_restart";
  readonly host: ChaosHostName;
  /** Servers somebody else runs; `undefined`: start some of our own. */
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** Where to keep what the processes write; `undefined`: nowhere. */
  readonly logDirectory: string | undefined;
  /** Ends the run early. */
  readonly interrupted: AbortSignal;
  /** Hears how it goes, often. */
  readonly onProgress: (progress: ChaosProgress) => void;
};

export type ChaosProgress = {
  readonly phase: "starting" | "breaking things" | "draining" | "checking" | "restoring";
  readonly elapsedSeconds: number;
  readonly accepted: number;
  readonly ended: number;
  readonly faults: number;
  readonly violations: number;
};

/** How the work went on while workers were restarted. */
export type Throughput = {
  readonly chunksPerSecond: number;
  /** The longest time without a finished chunk. */
  readonly longestGapMs: number;
};

export type ChaosResult = {
  readonly actions: number;
  readonly ids: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /** `undefined`: it never drained. */
  readonly drainSeconds: number | undefined;
  /** Only of a rolling restart. */
  readonly throughput: Throughput | undefined;
  readonly violations: readonly string[];
};

/** What a run has gathered so far. */
export type Notes = {
  readonly record: ClientRecord;
  readonly sights: Sights;
  readonly faults: Map<string, number>;
  readonly violations: string[];
};

/** An empty notebook. */
export function takeNotes(): Notes {
  return {
    record: { begun: [], accepted: [], unanswered: [], restores: [], cancels: new Map(), answers: new Map() },
    sights: { observations: [], tallies: [], ended: new Set() },
    faults: new Map(),
    violations: [],
  };
}

/** How it goes, in numbers. */
export function describeProgress(
  phase: ChaosProgress["phase"],
  elapsedSeconds: number,
  { record, sights, faults, violations }: Notes,
): ChaosProgress {
  const faultCount = [...faults.values()].reduce((sum, count) => sum + count, 0);
  const counts = { accepted: record.accepted.length, ended: sights.ended.size };
  return { phase, elapsedSeconds, ...counts, faults: faultCount, violations: violations.length };
}
