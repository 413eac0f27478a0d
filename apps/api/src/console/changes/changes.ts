import { restoreAsOperator, retryAsOperator } from "@bulk/actions/operators/submit-again";
import { countNotAttempted, countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { notCancelable, notPausable } from "@bulk/domain/errors/refusals";
import { RequestError } from "@bulk/domain/errors/request-error";
import { cancelBulkAction } from "@bulk/store/bulk-actions/cancel-bulk-action";
import { idOfCreated } from "@bulk/store/bulk-actions/retry-bulk-action";
import { pause, resume } from "@bulk/store/operations/pauses";
import { clearThrottle, setThrottle } from "@bulk/store/operations/throttles";
import { nudge } from "../../bulk-actions/creation.ts";
import type { ActionView } from "../action/read-actions.ts";
import type { ConsoleContext } from "../context.ts";
import { countRecords, inGroups, inWords } from "../render/words.ts";
import { type Form, readReason, readRecordsPerSecond } from "./form-fields.ts";

/** What operators can do with a bulk action. */
export type Change = {
  /** The end of its address, and its kind in the journal. */
  readonly name: "cancel" | "pause" | "resume" | "throttle" | "unthrottle" | "retry" | "restore";
  /** The word on its button. */
  readonly label: string;
  /** Why it is not possible now; `undefined` if it is. */
  readonly whyNot: (view: ActionView) => string | undefined;
  /** What will happen, in sentences, with the number of records. */
  readonly explain: (view: ActionView) => readonly string[];
  /** The fields that the form asks for. */
  readonly fields: readonly ("reason" | "records_per_second")[];
  /** Its button warns. */
  readonly isDangerous?: true;
  /** It is about all bulk actions of the type. */
  readonly isOfType?: true;
  /** It creates another bulk action, whose id `apply` returns. */
  readonly createsAnother?: true;
  /** Reads the form, so that nothing is done if a field is wrong. Throws `PageError`. */
  readonly prepare: (form: Form) => Prepared;
};

/** A change whose form was read. */
export type Prepared = {
  /** For the journal. */
  readonly detail?: string | undefined;
  /** Makes the change. Returns the id of the bulk action to show next. */
  readonly apply: (overview: Overview, user: string, context: Pick<ConsoleContext, "api">) => Promise<string>;
};

const cancel: Change = {
  name: "cancel",
  label: "Cancel",
  fields: [],
  whyNot: ({ overview }) =>
    whyNotOpen(overview) ?? (overview.cancelRequestedAt === null ? undefined : "It is canceled already."),
  explain: ({ overview }) => [
    `${countRest(overview)} have no outcome yet. No further chunk begins, and those that are under work finish.`,
    "What is done stays done. A retry takes the records that were not attempted.",
  ],
  isDangerous: true,
  prepare: () => ({
    async apply({ accountId, id }, user, { api }) {
      const result = await cancelBulkAction(api.database, accountId, id, `operator ${user}`, api.registry);
      if (result.kind !== "canceled") throw notCancelable();
      return id;
    },
  }),
};

const pauseOne: Change = {
  name: "pause",
  label: "Pause",
  fields: ["reason"],
  whyNot: (view) => whyNotOpen(view.overview) ?? (isPausedItself(view) ? "It is paused already." : undefined),
  explain: ({ overview }) => [
    `${countRest(overview)} have no outcome yet. Within two seconds no further chunk of this bulk action begins.`,
    "It stays paused until somebody resumes it. Other bulk actions go on.",
  ],
  prepare(form) {
    const reason = readReason(form);
    return {
      detail: reason,
      async apply(overview, user, { api }) {
        const words = { reason: reason ?? null, pausedBy: user };
        if (!(await pause(api.database, scopeOf(overview), words))) throw notPausable();
        return overview.id;
      },
    };
  },
};

const resumeOne: Change = {
  name: "resume",
  label: "Resume",
  fields: [],
  whyNot: (view) => (isPausedItself(view) ? undefined : NOT_PAUSED),
  explain: ({ overview, pauses }) => [
    `${countRest(overview)} have no outcome yet. Work on them goes on within a few seconds.`,
    ...(pauses.length > 1 ? ["Other pauses still hold it; it goes on when all have ended."] : []),
  ],
  prepare: () => ({
    async apply(overview, _user, { api }) {
      if (!(await resume(api.database, scopeOf(overview)))) throw notPaused();
      return overview.id;
    },
  }),
};

const throttle: Change = {
  name: "throttle",
  label: "Throttle",
  fields: ["records_per_second"],
  whyNot: ({ overview }) => whyNotOpen(overview),
  explain: ({ overview }) => [
    `All workers together try at most so many records a second of every ${inWords(overview.actionType)} bulk action, of all accounts: this one, of ${countRecords(overview.recordCount)}, and others.`,
    "It stays until somebody removes it.",
  ],
  isOfType: true,
  prepare(form) {
    const recordsPerSecond = readRecordsPerSecond(form);
    return {
      detail: `${inGroups(recordsPerSecond)} records a second`,
      async apply({ actionType, id }, user, { api }) {
        await setThrottle(api.database, { actionType, recordsPerSecond, setBy: user });
        return id;
      },
    };
  },
};

const unthrottle: Change = {
  name: "unthrottle",
  label: "Remove throttle",
  fields: [],
  whyNot: ({ throttle }) => (throttle === undefined ? NOT_THROTTLED : undefined),
  explain: ({ overview, throttle }) => [
    `The throttle of ${inWords(overview.actionType)}, ${inGroups(throttle?.recordsPerSecond ?? 0)} records a second, ends for all accounts. This bulk action has ${countRecords(overview.recordCount)}.`,
  ],
  isOfType: true,
  prepare: () => ({
    async apply({ actionType, id }, _user, { api }) {
      if (!(await clearThrottle(api.database, actionType))) throw notThrottled();
      return id;
    },
  }),
};

const retry: Change = {
  name: "retry",
  label: "Retry",
  fields: [],
  whyNot: (view) => {
    if (isOpen(view.overview.status)) return "It has not ended yet.";
    if (view.retried.isOpen) return "A retry of it is open. Wait until that ends.";
    return countRetriable(view) === 0 ? "No record is left that failed or was not attempted." : undefined;
  },
  explain: (view) => [
    `A new bulk action of the same type takes up to ${countRecords(countRetriable(view))}: those that failed or were not attempted, and that no retry has changed or skipped since.`,
  ],
  createsAnother: true,
  prepare: () => ({
    async apply(overview, _user, { api }) {
      const creation = await retryAsOperator(api, overview, "failed_and_untouched");
      nudge(creation, api);
      return idOfCreated(creation);
    },
  }),
};

const restore: Change = {
  name: "restore",
  label: "Restore",
  fields: [],
  whyNot: ({ overview, descendants }) => {
    if (isOpen(overview.status)) return "It has not ended yet.";
    if (descendants.some(({ kind, status }) => kind === "restore" && isOpen(status)))
      return "A restore of it is open. Wait until that ends.";
    if (overview.restorableUntil === null || overview.restorableUntil.getTime() <= Date.now())
      return "Nothing is kept of it any more.";
    return countRestorable(overview) === 0 ? "No record is left to bring back." : undefined;
  },
  explain: ({ overview }) => [
    `A new bulk action brings back ${countRecords(countRestorable(overview))}, as they were, with what went with them. A record that cannot come back is skipped with the reason.`,
  ],
  isDangerous: true,
  createsAnother: true,
  prepare: () => ({
    async apply(overview, _user, { api }) {
      const creation = await restoreAsOperator(api, overview);
      nudge(creation, api);
      return idOfCreated(creation);
    },
  }),
};

/** In the order of their buttons. */
export const CHANGES: readonly Change[] = [pauseOne, resumeOne, throttle, unthrottle, cancel, retry, restore];

const NOT_PAUSED = "It is not paused by itself.";

const NOT_THROTTLED = "Its type is not throttled.";

/** The error for a pause that is not there any more. */
export function notPaused(): RequestError {
  return new RequestError(
    "not_found",
    "pause.not_found",
    "There is no such pause. It may have ended meanwhile.",
  );
}

/** The error for a throttle that is not there any more. */
export function notThrottled(): RequestError {
  return new RequestError(
    "not_found",
    "throttle.not_found",
    "There is no such throttle. It may have been removed meanwhile.",
  );
}

type Overview = ActionView["overview"];

function whyNotOpen({ status }: Overview): string | undefined {
  return isOpen(status) ? undefined : "It has ended.";
}

function isPausedItself({ pauses }: ActionView): boolean {
  return pauses.some(({ scope }) => scope.kind === "bulk_action");
}

function scopeOf({ id, accountId, actionType }: Overview) {
  return { kind: "bulk_action", accountId, actionType, bulkActionId: id } as const;
}

function countRest(overview: Overview): string {
  return `${inGroups(overview.recordCount - countProcessed(overview))} of ${countRecords(overview.recordCount)}`;
}

function countRetriable({ overview, retried }: ActionView): number {
  return Math.max(0, overview.failed + countNotAttempted(overview) - retried.doneCount);
}

function countRestorable({ applied, restoredCount }: Overview): number {
  return Math.max(0, applied - restoredCount);
}
