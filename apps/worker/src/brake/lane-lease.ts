import type { Database } from "@bulk/store/database";
import { freePoliteLane, type LaneGrant, takePoliteLane } from "@bulk/store/operations/polite-lane";

/** Takes the lane that all workers share, and gives it back. Neither throws: without the lane's row, work goes on. */
export type LaneLease = {
  take(): Promise<LaneGrant>;
  /** Gives it back, to be taken again when a rest is over that begins now. */
  giveBack(grant: LaneGrant, restMs: number, recordsPerSecond: number | undefined): Promise<void>;
  /** When this process should take it again. */
  restsUntil(): number;
};

/** How long a worker that died keeps the lane. */
const LEASE_MS = 2_000;

/** Creates this process's side of the lane. Giving it back and taking it again are part of the rest. */
export function createLaneLease({
  database,
  onError,
}: {
  readonly database: Database;
  readonly onError: (error: unknown) => void;
}): LaneLease {
  let roundTripMs = 1;
  let restsUntil = 0;
  return {
    restsUntil: () => restsUntil,
    async take() {
      const sentAt = performance.now();
      try {
        const grant = await takePoliteLane(database, LEASE_MS);
        roundTripMs += 0.1 * (performance.now() - sentAt - roundTripMs);
        return grant;
      } catch (error) {
        onError(error);
        return { kind: "unknown" };
      }
    },
    async giveBack(grant, restMs, recordsPerSecond) {
      restsUntil = performance.now() + Math.max(0, restMs - roundTripMs);
      if (grant.kind !== "taken") return;
      const leftMs = Math.max(0, restMs - 2 * roundTripMs);
      const rest = { restMs: leftMs, recordsPerSecond };
      await freePoliteLane(database, grant.lease, rest).catch(onError);
    },
  };
}
