import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "@bulk/store/database";
import { timeCanary } from "@bulk/store/operations/brake-canary";
import type { HarmMeter } from "./harm.ts";

export type CanaryOptions = {
  readonly database: Database;
  readonly meter: Pick<HarmMeter, "note">;
  readonly onError: (error: unknown) => void;
};

/** Small transactions that measure what those of others take. Both functions do nothing when the last one was just now. */
export type Canaries = {
  /** Sends one at any moment of a slice that takes about so long, unless it has ended by then. */
  sendBeside(aboutMs: number, hasEnded: () => boolean): Promise<void>;
  /** Sends one at any moment of a rest. */
  sendResting(restMs: number): Promise<void>;
};

/** The least time between two of one kind. */
const EVERY_MS = 60;

/** Creates the canaries of a process. An error is reported and measures nothing. */
export function createCanaries({ database, meter, onError }: CanaryOptions): Canaries {
  let typicalMs = 1;
  const lastSentAt = { beside: 0, resting: 0 };
  function isDue(moment: "beside" | "resting"): boolean {
    const now = performance.now();
    if (now - lastSentAt[moment] < EVERY_MS) return false;
    lastSentAt[moment] = now;
    return true;
  }
  async function send(moment: "beside" | "resting"): Promise<void> {
    try {
      const tookMs = await timeCanary(database);
      typicalMs += 0.1 * (tookMs - typicalMs);
      meter.note(moment, tookMs);
    } catch (error) {
      onError(error);
    }
  }
  return {
    async sendBeside(aboutMs, hasEnded) {
      if (!isDue("beside")) return;
      await wait(Math.random() * aboutMs);
      if (!hasEnded()) await send("beside");
    },
    async sendResting(restMs) {
      if (!isDue("resting")) return;
      // It should be over before the next slice begins.
      await wait(Math.random() * Math.max(0, restMs - typicalMs));
      await send("resting");
    },
  };
}
