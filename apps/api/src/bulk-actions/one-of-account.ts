import type { ErrorCode } from "@bulk/domain/errors/error-codes";
import { RequestError } from "@bulk/domain/errors/request-error";
import { limitPlaces } from "@bulk/service/limits/limit-places";
import type { Caller } from "@bulk/store/accounts/api-tokens";
import { findSqlstate } from "@bulk/store/sqlstate";
import type { ApiContext } from "../context.ts";

/** Lets an account run one of its kind at a time: one may keep a core of the database busy for seconds. */
export type OneOfAccount = {
  /** Throws `limited` while one of this caller's account is in progress. */
  admit(caller: Pick<Caller, "accountId">): void;
  /** Runs one. Throws what it throws, `limited`, and `unavailable` if it takes too long. */
  run<Result>(caller: Pick<Caller, "accountId">, work: () => Promise<Result>): Promise<Result>;
};

/** How long a preview may take. 100,000 ids took 0.8 to 1.9 s on two cores with other work; callers wait 20 s. */
export const PREVIEW_TIMEOUT_MS = 7_000;

/** How long a filter may select and write; callers wait 20 s. */
export const SELECTION_TIMEOUT_MS = 17_000;

/** Returns that of an API which all of its previews share. */
export function onePreview(context: ApiContext): OneOfAccount {
  return share(previews, context, {
    inProgress: ["bulk_action_preview.under_way", "Another preview of this account is in progress here."],
    tooSlow: ["bulk_action_preview.timeout", "The preview took too long. Try again later or with fewer ids."],
  });
}

/** Returns that of an API which all of its creations by filter share. */
export function oneSelection(context: ApiContext): OneOfAccount {
  return share(selections, context, {
    inProgress: [
      "bulk_action.selection_under_way",
      "Another selection by filter of this account is in progress here.",
    ],
    tooSlow: [
      "bulk_action.selection_timeout",
      "Selecting the records took too long. Nothing was written. Try again later, or narrow the filter.",
    ],
  });
}

const previews = new WeakMap<ApiContext, OneOfAccount>();
const selections = new WeakMap<ApiContext, OneOfAccount>();

type Words = {
  readonly inProgress: readonly [
    code: Extract<ErrorCode, `${string}.under_way` | `${string}_under_way`>,
    message: string,
  ];
  readonly tooSlow: readonly [code: Extract<ErrorCode, `bulk_action${string}timeout`>, message: string];
};

function share(known: WeakMap<ApiContext, OneOfAccount>, context: ApiContext, words: Words): OneOfAccount {
  const one = known.get(context) ?? create(words);
  known.set(context, one);
  return one;
}

function create({ inProgress, tooSlow }: Words): OneOfAccount {
  const places = limitPlaces(1);
  function refusal(): RequestError {
    const [code, message] = inProgress;
    return new RequestError("limited", code, `${message} Send this one again when it has ended.`, [], 1);
  }
  return {
    admit({ accountId }) {
      if (places.isFull(accountId)) throw refusal();
    },
    async run({ accountId }, work) {
      if (!places.enter(accountId)) throw refusal();
      try {
        return await work();
      } catch (error) {
        throw isTimeout(error) ? new RequestError("unavailable", ...tooSlow) : error;
      } finally {
        places.leave(accountId);
      }
    },
  };
}

// The time-out of the statement, or of a lock: another session holds the whole table.
function isTimeout(error: unknown): boolean {
  return ["57014", "55P03"].includes(findSqlstate(error) ?? "");
}
