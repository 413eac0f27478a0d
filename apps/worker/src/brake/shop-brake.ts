import { isOpening } from "@bulk/queue/turns/turn";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";
import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import type { BrakeView } from "./brake-view.ts";
import { type BrakeWatch, openBrakeWatch } from "./brake-watch.ts";
import { createHarmMeter } from "./harm.ts";
import { createPoliteLane, type LaneSlice, type PoliteLane } from "./polite-lane.ts";
import { createTurnstile, type Turnstile } from "./turnstile.ts";

/** Whether a slice may begin. */
export type SliceGrant =
  /** `slice` is to be ended once the statement has; `undefined` at full speed. */
  | { readonly kind: "granted"; readonly slice: LaneSlice | undefined }
  /** Other lanes work. The turn should come back after `dueInMs`. */
  | { readonly kind: "braked"; readonly dueInMs: number }
  /** The queue gave the turn to another worker. */
  | { readonly kind: "lost" };

/** What one turn does about others who use the database. */
export type TurnBrake = {
  /** Must be called before each slice. Waits until it may begin, while the turn's time lasts. */
  beforeSlice(): Promise<SliceGrant>;
  /** Must be called when the turn ends. */
  leave(): void;
};

/** The brake of a process. */
export type ShopBrake = {
  join(turn: TakenTurn, turnMs: number): TurnBrake;
  /** How many times their idle latency small transactions of others may take. */
  readonly target: number | undefined;
  /** The last view, if work has needed one in the last five seconds. */
  lastView(): BrakeView | undefined;
};

export type ShopBrakeOptions = {
  readonly database: Database;
  readonly logger: Logger;
  readonly onError: (error: unknown) => void;
  /** How many times their idle latency small transactions of others may take. `undefined`: whatever they take. */
  readonly target: number | undefined;
};

/** A turn that did nothing comes back after about this time, so that the lanes are there when the brake ends. */
const RETURN_MS = 400;

/** How long a turn waits for another one of this process. */
const PATIENCE_MS = 1_000;

/**
 * Opens the brake of a process. While others use the database, all workers together run one slice at a time, of few
 * records, and rest between slices. While nobody does, that costs a query every quarter of a second.
 */
export function openShopBrake(options: ShopBrakeOptions): ShopBrake {
  const { target } = options;
  if (target === undefined) return NO_BRAKE;
  const meter = createHarmMeter();
  const watch = openBrakeWatch({ ...options, target, meter });
  const lane = createPoliteLane({ ...options, meter, watch });
  const turnstile = createTurnstile();
  return {
    target,
    lastView: watch.lastView,
    join: (turn, turnMs) => joinTurn(turn, turnMs, { watch, lane, turnstile }),
  };
}

type Parts = {
  readonly watch: BrakeWatch;
  readonly lane: PoliteLane;
  readonly turnstile: Turnstile;
};

function joinTurn(turn: TakenTurn, turnMs: number, { watch, lane, turnstile }: Parts): TurnBrake {
  const endsAt = performance.now() + turnMs;
  let isThrough = false;
  let hasWorked = false;
  function leave(): void {
    if (isThrough) turnstile.leave();
    isThrough = false;
  }
  async function enter(): Promise<boolean> {
    const waiting = isThrough ? turnstile.waiting() : "none";
    // A turn may last longer than its time while no other waits.
    const isOver = waiting !== "none" && performance.now() >= endsAt;
    if (isOver || waiting === "opening") leave();
    if (!isOver) isThrough ||= await turnstile.enter(isOpening(turn), untilGivenUp(turn));
    return isThrough;
  }
  function comeBack(): SliceGrant {
    return { kind: "braked", dueInMs: hasWorked ? 0 : Math.round(RETURN_MS * (0.5 + Math.random())) };
  }
  return {
    leave,
    async beforeSlice() {
      const { pace } = await watch.view();
      if (pace !== undefined) {
        const taken = (await enter()) ? await lane.takeSlice() : undefined;
        if (turn.lost.aborted) {
          if (taken?.kind === "taken") await taken.slice.end(0);
          return { kind: "lost" };
        }
        if (taken === undefined || taken.kind === "busy") return comeBack();
        hasWorked = true;
        if (taken.kind === "taken") return { kind: "granted", slice: taken.slice };
      }
      leave();
      return { kind: "granted", slice: undefined };
    },
  };
}

function untilGivenUp({ stopping, lost }: TakenTurn): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), stopping, lost]);
}

/** The brake of a process that slows down for nobody. */
export const NO_BRAKE: ShopBrake = {
  target: undefined,
  lastView: () => undefined,
  join: () => ({
    beforeSlice: () => Promise.resolve({ kind: "granted", slice: undefined }),
    leave() {},
  }),
};
