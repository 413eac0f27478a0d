import { keepFresh } from "@bulk/service/timing/keep-fresh";
import {
  type AllBulkActions,
  type AllQuery,
  listAllBulkActions,
} from "@bulk/store/bulk-actions/reading/all-bulk-actions";
import type { Database } from "@bulk/store/database";
import { type OpenWork, readOpenWork } from "@bulk/store/operations/open-work";
import { readSwitches, type Switches } from "@bulk/store/operations/switches";
import { countRetriedDeliveries, type RetriedDeliveries } from "@bulk/store/webhooks/webhook-overview";
import { type LiveWorker, listLiveWorkers } from "@bulk/store/workers/live-workers";
import { type MinuteRate, readRates } from "@bulk/store/workers/rates";
import type { QueueState, ReadQueueState } from "../queue-state.ts";

/** What happens now, over all accounts. */
export type NowView = Switches & {
  readonly at: Date;
  readonly work: OpenWork;
  /** The newest open bulk actions. */
  readonly open: AllBulkActions["rows"];
  readonly workers: readonly LiveWorker[];
  readonly rates: readonly MinuteRate[];
  readonly queue: QueueState;
  readonly retriedDeliveries: RetriedDeliveries;
};

const FRESH_MS = 900;

export type NowReader = {
  /** Reads it, for all pages of this process about once a second. */
  read(): Promise<NowView>;
  /** Forgets what was read, so that the next page shows what has changed. */
  forget(): void;
};

/** Opens the reader that all pages of this process share. */
export function openNowReader(database: Database, readQueueState: ReadQueueState): NowReader {
  const open = () => keepFresh(FRESH_MS, () => readNow(database, readQueueState));
  let fresh = open();
  return {
    read: () => fresh.value(),
    forget() {
      fresh = open();
    },
  };
}

async function readNow(database: Database, readQueueState: ReadQueueState): Promise<NowView> {
  const [switches, work, open, workers, rates, queue, retriedDeliveries] = await Promise.all([
    readSwitches(database),
    readOpenWork(database),
    listAllBulkActions(database, OPEN),
    listLiveWorkers(database),
    readRates(database, MINUTES),
    readQueueState(),
    countRetriedDeliveries(database),
  ]);
  return { ...switches, at: new Date(), work, open: open.rows, workers, rates, queue, retriedDeliveries };
}

export const MINUTES = 60;

const OPEN: AllQuery = {
  ...{ ids: undefined, accountId: undefined, actionType: undefined, createdFrom: undefined },
  ...{
    createdBefore: undefined,
    outcomes: undefined,
    isPaused: undefined,
    after: undefined,
    before: undefined,
  },
  statuses: ["pending", "processing"],
  limit: 20,
};
