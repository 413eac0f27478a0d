import { countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { isUuid } from "@bulk/domain/is-uuid";
import { coalesce } from "@bulk/service/timing/coalesce";
import { type ActionOverview, readActionOverviews } from "@bulk/store/bulk-actions/reading/action-overview";
import {
  type Descendant,
  listDescendants,
  type Retried,
  readRetried,
} from "@bulk/store/bulk-actions/reading/descendants";
import { readSpeed, type Speed as SpeedHistory } from "@bulk/store/bulk-actions/reading/speed-of-action";
import { listTroubledChunks, type TroubledChunk } from "@bulk/store/chunks/chunk-states";
import type { Database } from "@bulk/store/database";
import type { JournalEntry } from "@bulk/store/journal/journal";
import { findSubmitters, listJournalOf } from "@bulk/store/journal/list-journal";
import { listPausesOf, type Pause } from "@bulk/store/operations/pauses";
import { listThrottles, type Throttle } from "@bulk/store/operations/throttles";
import { type DeliveryOverview, listDeliveriesOf } from "@bulk/store/webhooks/webhook-overview";
import { LRUCache } from "lru-cache";
import { openReasonCounts, type ReasonCount } from "./reason-counts.ts";
import { createSpeedometer, type Speed } from "./speedometer.ts";

/** Everything that the page of a bulk action shows. */
export type ActionView = {
  readonly overview: ActionOverview;
  readonly speed: Speed;
  /** Most frequent first; `undefined`: still being counted. */
  readonly reasons: readonly ReasonCount[] | undefined;
} & Details;

type Details = {
  readonly pauses: readonly Pause[];
  readonly troubled: readonly TroubledChunk[];
  readonly deliveries: readonly DeliveryOverview[];
  readonly descendants: readonly Descendant[];
  readonly retried: Retried;
  /** The operator who submitted it. */
  readonly submitter: string | undefined;
  /** Oldest first; the latest ones of many. */
  readonly journal: readonly JournalEntry[];
  /** How fast it was over time; `undefined` before its start. */
  readonly history: SpeedHistory | undefined;
  /** Of its type. */
  readonly throttle: Throttle | undefined;
  /** Of all types together. */
  readonly commonThrottle: Throttle | undefined;
};

export type ActionReader = {
  /** Reads the bulk action of this id, in any case, of any account; `undefined` if there is none, or it is no UUID. */
  read(id: string): Promise<ActionView | undefined>;
  /** Forgets what was read of it, so that the next reading shows what has changed. */
  forget(id: string): void;
};

/** Bulk actions in one query. */
const MOST_AT_ONCE = 50;

/**
 * Opens a reader for all pages of this process. Readings at the same time share one query, and what changes seldom is read
 * again only when the bulk action has changed, at most every two seconds.
 */
export function openActionReader(database: Database): ActionReader {
  const findOverview = coalesce({
    keyOf: (id: string) => id,
    load: async (ids) =>
      new Map((await readActionOverviews(database, ids)).map((found) => [found.id, found])),
    most: MOST_AT_ONCE,
    failing: "batch",
  });
  const findReasons = openReasonCounts(database);
  const { findDetails, forgetDetails } = openDetails(database);
  const speedometer = createSpeedometer();
  return {
    async read(id) {
      const overview = isUuid(id) ? await findOverview(id.toLowerCase()) : undefined;
      if (overview === undefined) return undefined;
      const speed = speedometer.note(overview, performance.now());
      const [details, reasons] = await Promise.all([findDetails(overview), findReasons(overview)]);
      return { overview, speed, reasons, ...details };
    },
    forget: (id) => forgetDetails(id.toLowerCase()),
  };
}

/** How long details of a bulk action without progress are kept: nobody notifies of pauses, deliveries and retries. */
const QUIET_MS = 5_000;

/** How long they are kept while it makes progress, or a delivery of it is open. */
const BUSY_MS = 2_000;

type Known = {
  readonly stamp: string;
  readonly readAt: number;
  readonly details: Promise<Details>;
  /** Something of it waits for another service. */
  isBusy: boolean;
};

function openDetails(database: Database) {
  const known = new LRUCache<string, Known>({ max: 500 });
  async function findDetails(overview: ActionOverview): Promise<Details> {
    const stamp = `${overview.status} ${countProcessed(overview)} ${overview.isPaused} ${overview.restoredCount}`;
    const before = known.get(overview.id);
    const age = before === undefined ? Number.POSITIVE_INFINITY : performance.now() - before.readAt;
    const isQuiet = before !== undefined && before.stamp === stamp && !before.isBusy;
    if (before !== undefined && age < (isQuiet ? QUIET_MS : BUSY_MS)) return await before.details;
    const reading: Known = {
      ...{ stamp, readAt: performance.now(), isBusy: false },
      details: readDetails(database, overview),
    };
    known.set(overview.id, reading);
    reading.details.then(
      ({ deliveries }) => {
        reading.isBusy = deliveries.some(({ status }) => status === "pending");
      },
      // Not kept: the next page tries again.
      () => known.delete(overview.id),
    );
    return await reading.details;
  }
  return { findDetails, forgetDetails: (id: string) => void known.delete(id) };
}

/** Enough to see a pattern. */
export const TROUBLED_SHOWN = 10;

const DELIVERIES_SHOWN = 20;

/** Of each kind. */
export const ENTRIES_SHOWN = 50;

const [LEAST_BARS, MOST_BARS] = [6, 60];

// Records count when their chunk ends: with more bars than chunks there would be gaps where there was work.
function countBars({ finishedChunks }: ActionOverview): number {
  return Math.min(MOST_BARS, Math.max(LEAST_BARS, Math.ceil(finishedChunks / 2)));
}

async function readDetails(database: Database, overview: ActionOverview): Promise<Details> {
  const { id, actionType } = overview;
  const [pauses, troubled, deliveries, descendants, retried, submitters, journal, history, throttles] =
    await Promise.all([
      listPausesOf(database, id),
      // One more shows whether there are others.
      listTroubledChunks(database, id, TROUBLED_SHOWN + 1),
      listDeliveriesOf(database, id, DELIVERIES_SHOWN),
      listDescendants(database, id),
      readRetried(database, id),
      findSubmitters(database, overview.createdBy === null ? [id] : []),
      listJournalOf(database, overview, ENTRIES_SHOWN),
      readSpeed(database, id, countBars(overview)),
      listThrottles(database),
    ]);
  const throttle = throttles.find((one) => one.actionType === actionType);
  const commonThrottle = throttles.find((one) => one.actionType === null);
  return {
    ...{ pauses, troubled, deliveries, descendants, retried, submitter: submitters.get(id), journal },
    ...{ history, throttle, commonThrottle },
  };
}
