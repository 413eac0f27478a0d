import { type Comparison, compareCatalogs } from "@bulk/catalog/expected/compare-catalogs";
import { describeDifference } from "@bulk/catalog/expected/compare-lines";
import type { Expectation } from "@bulk/catalog/expected/list-expectations";
import type { Logger } from "@bulk/service/process/logger";
import { every } from "@bulk/service/timing/every";
import { keepFresh } from "@bulk/service/timing/keep-fresh";
import type { CatalogGuard } from "@bulk/store/chunks/claim-chunk";
import type { Database } from "@bulk/store/database";
import { notePhaseBegun, notePhaseEnded } from "@bulk/store/journal/note-phase";
import {
  type Hold,
  holdActionTypes,
  releaseActionTypes,
  SAFETY_CATCH,
} from "@bulk/store/operations/hold-action-types";

/** What the last look at the catalogs means for an action type. */
export type Verdict =
  /** Its declaration expects nothing, or it is written in code. */
  | { readonly kind: "unguarded" }
  | { readonly kind: "fits"; readonly guard: CatalogGuard }
  | { readonly kind: "held" };

export type SafetyCatch = {
  /** Judges an action type by a look that is at most a second old. Throws when the database cannot be reached. */
  judge(actionType: string): Promise<Verdict>;
  /** Returns the action types that this process holds, as of the last look. */
  listHolds(): readonly Hold[];
  /** Stops the looks, and ends the holds of this process. */
  stop(): Promise<void>;
};

export type SafetyCatchOptions = {
  readonly database: Database;
  readonly expectations: readonly Expectation[];
  readonly logger: Logger;
  /** Receives errors of looks that no turn waits for. */
  readonly onError: (error: unknown) => void;
};

/** No chunk is begun after an older look than this. */
const MAX_AGE_MS = 1_000;

/**
 * Opens the safety catch of a process: while the foreign keys and triggers of an action's tables differ from what its
 * declaration expects, the process begins no chunk of it, and a pause says so to everybody. It looks once a second with
 * one query, and not at all if nothing is expected.
 */
export function openSafetyCatch(options: SafetyCatchOptions): SafetyCatch {
  const { database, expectations, onError } = options;
  const fresh = keepFresh(MAX_AGE_MS, async (before: Look = NO_LOOK) => {
    const look = toLook(await compareCatalogs(database, expectations));
    await publish(before.holds, look.holds, options);
    return look;
  });
  const holds = () => fresh.latest()?.holds ?? [];
  // Also without turns: whoever asks about an idle action type must learn that it is held.
  const looks =
    expectations.length === 0
      ? undefined
      : every(MAX_AGE_MS, async () => void (await fresh.value()), onError);
  return {
    async judge(actionType) {
      if (!expectations.some((expectation) => expectation.actionType === actionType)) return UNGUARDED;
      return (await fresh.value()).verdicts.get(actionType) ?? UNGUARDED;
    },
    listHolds: holds,
    async stop() {
      await looks?.stop();
      await publish(holds(), [], options).catch(onError);
    },
  };
}

const UNGUARDED: Verdict = { kind: "unguarded" };

type Look = { readonly verdicts: ReadonlyMap<string, Verdict>; readonly holds: readonly Hold[] };

const NO_LOOK: Look = { verdicts: new Map(), holds: [] };

function toLook(comparisons: readonly Comparison[]): Look {
  const verdicts = comparisons.map(({ actionType, tableIds, fingerprint, difference }): [string, Verdict] => [
    actionType,
    difference === undefined ? { kind: "fits", guard: { tableIds, fingerprint } } : { kind: "held" },
  ]);
  const holds = comparisons.flatMap(({ actionType, difference }) =>
    difference === undefined ? [] : [{ actionType, reason: describeDifference(difference) }],
  );
  return { verdicts: new Map(verdicts), holds };
}

// Before any turn learns of the look, so that the pause is there when a turn ends because of it.
async function publish(
  before: readonly Hold[],
  holds: readonly Hold[],
  { database, logger, onError }: SafetyCatchOptions,
): Promise<void> {
  const ended = before.filter(({ actionType }) => !holds.some((hold) => hold.actionType === actionType));
  const begun = holds.length > 0 ? await holdActionTypes(database, holds) : [];
  const types = ended.map(({ actionType }) => actionType);
  const released = types.length > 0 ? await releaseActionTypes(database, types) : [];
  // The catch does not depend on the journal.
  await noteChanges(database, begun, released).catch(onError);
  for (const { actionType, reason } of holds) {
    if (before.some((hold) => hold.actionType === actionType && hold.reason === reason)) continue;
    logger.error({ actionType, reason }, "the database differs from the declaration; no chunk is begun");
  }
  for (const { actionType } of ended) logger.info({ actionType }, "the database fits the declaration again");
}

async function noteChanges(
  database: Database,
  begun: readonly Hold[],
  released: readonly string[],
): Promise<void> {
  const phase = { kind: "hold", by: SAFETY_CATCH } as const;
  for (const { actionType, reason } of begun) {
    await notePhaseBegun(database, { ...phase, actionType, detail: reason });
  }
  for (const actionType of released) await notePhaseEnded(database, { ...phase, actionType });
}
