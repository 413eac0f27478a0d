import { RequestError } from "@bulk/domain/errors/request-error";
import { limitPlaces } from "@bulk/service/limits/limit-places";
import type { Caller } from "@bulk/store/accounts/api-tokens";
import { findSqlstate } from "@bulk/store/sqlstate";
import type { ApiContext } from "../context.ts";

/** Lets an account run one preview at a time: one may keep a core of the database busy for seconds. */
export type OnePreview = {
  /** Throws `limited` while a preview of this caller's account is in progress. */
  admit(caller: Pick<Caller, "accountId">): void;
  /** Runs a preview. Throws what it throws, `limited`, and `unavailable` if it takes too long. */
  run<Result>(caller: Pick<Caller, "accountId">, preview: () => Promise<Result>): Promise<Result>;
};

/** How long a preview may take. 100,000 ids took 0.8 to 1.9 s on two cores with other work; callers wait 20 s. */
export const PREVIEW_TIMEOUT_MS = 7_000;

/** Returns the one of an API, which all of its previews share. */
export function onePreview(context: ApiContext): OnePreview {
  const known = shared.get(context) ?? create();
  shared.set(context, known);
  return known;
}

const shared = new WeakMap<ApiContext, OnePreview>();

function create(): OnePreview {
  const places = limitPlaces(1);
  return {
    admit({ accountId }) {
      if (places.isFull(accountId)) throw inProgress();
    },
    async run({ accountId }, preview) {
      if (!places.enter(accountId)) throw inProgress();
      try {
        return await preview();
      } catch (error) {
        throw isTimeout(error) ? tooSlow() : error;
      } finally {
        places.leave(accountId);
      }
    },
  };
}

function inProgress(): RequestError {
  const message =
    "Another preview of this account is in progress here. Send this one again when it has ended.";
  return new RequestError("limited", "bulk_action_preview.under_way", message, [], 1);
}

// The time-out of the statement, or of a lock: another session holds the whole table.
function isTimeout(error: unknown): boolean {
  return ["57014", "55P03"].includes(findSqlstate(error) ?? "");
}

function tooSlow(): RequestError {
  return new RequestError(
    "unavailable",
    "bulk_action_preview.timeout",
    "The preview took too long. Try again later or with fewer ids.",
  );
}
