import { setTimeout as wait } from "node:timers/promises";
import type { LaneGrant } from "@bulk/store/operations/polite-lane";
import type { BrakeWatch } from "./brake-watch.ts";
import { type CanaryOptions, createCanaries } from "./canaries.ts";
import type { HarmMeter } from "./harm.ts";
import { createLaneLease } from "./lane-lease.ts";
import { type Pace, restAfter } from "./pace.ts";

/** A slice that may run now, while no other worker runs one. */
export type LaneSlice = {
  readonly mostRecords: number;
  /** Must be called when the statement has ended, with the number of records that now have an outcome; at least once. */
  end(recordCount: number): Promise<void>;
};

export type PoliteLane = {
  /**
   * Waits for the lane that all workers share. `full_speed`: nobody else uses the database any more. `busy`: other workers
   * have had the lane all the time. Must not be called again before the slice has ended.
   */
  takeSlice(): Promise<
    | { readonly kind: "taken"; readonly slice: LaneSlice }
    | { readonly kind: "full_speed" }
    | { readonly kind: "busy" }
  >;
};

export type PoliteLaneOptions = CanaryOptions & {
  readonly watch: Pick<BrakeWatch, "view">;
  readonly meter: Pick<HarmMeter, "note">;
};

/** How long a turn waits for other workers. */
const PATIENCE_MS = 1_000;

/** The most time between two tries to take the lane from other workers. */
const TRY_EVERY_MS = 20;

/** The time between two looks at other sessions while a slice runs. */
const LOOK_MS = 250;

/** Creates this process's part in the lane. It measures what its slices do to others. */
export function createPoliteLane(options: PoliteLaneOptions): PoliteLane {
  const { watch, meter } = options;
  const canaries = createCanaries(options);
  const lease = createLaneLease(options);
  let typicalMs = 10;
  async function rest(): Promise<void> {
    const restMs = lease.restsUntil() - performance.now();
    if (restMs <= 0) return;
    await canaries.sendResting(restMs);
    await wait(Math.max(0, lease.restsUntil() - performance.now()));
  }
  function startSlice({ sliceSize, duty }: Pace, grant: LaneGrant): LaneSlice {
    const startedAt = performance.now();
    let hasEnded = false;
    const canary = canaries.sendBeside(typicalMs, () => hasEnded);
    // Sessions may wait for a long slice, and the next one must be shorter.
    const looks = setInterval(watch.view, LOOK_MS);
    return {
      mostRecords: sliceSize,
      async end(recordCount) {
        if (hasEnded) return;
        hasEnded = true;
        clearInterval(looks);
        const tookMs = performance.now() - startedAt;
        typicalMs += 0.1 * (tookMs - typicalMs);
        if (recordCount === sliceSize) meter.note("slice", tookMs);
        const restMs = restAfter(tookMs, recordCount, duty);
        await lease.giveBack(grant, restMs, ratePerSecond(recordCount, tookMs + restMs));
        await canary;
      },
    };
  }
  return {
    async takeSlice() {
      const givesUpAt = performance.now() + PATIENCE_MS;
      for (;;) {
        await rest();
        const { pace } = await watch.view();
        if (pace === undefined) return { kind: "full_speed" };
        const grant = await lease.take();
        if (grant.kind !== "busy") return { kind: "taken", slice: startSlice(pace, grant) };
        if (performance.now() > givesUpAt) return { kind: "busy" };
        await wait(Math.min(TRY_EVERY_MS, grant.freeInMs) + Math.random() * 5);
      }
    },
  };
}

function ratePerSecond(recordCount: number, milliseconds: number): number | undefined {
  return recordCount === 0 ? undefined : (1_000 * recordCount) / milliseconds;
}
