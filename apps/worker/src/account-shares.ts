import type { EndpointJob } from "@bulk/queue/webhook-queue";

/** Keeps count of who has how many of the process's places. */
export type AccountShares = {
  /** Takes a place; `false`: the account has its share, and `leave` will tell of this endpoint. */
  enter(endpoint: EndpointJob): boolean;
  /** Gives a place back. Returns the endpoints of the account that were kept out meanwhile. */
  leave(endpoint: EndpointJob): readonly EndpointJob[];
};

/** What an account may have of all places: a quarter, and at least one. */
const SHARE = 1 / 4;

/**
 * A bounded share of the places for each account, so that receivers who take their time hold up their own account
 * only: there is a free place for the others, unless four accounts are like this at once.
 *
 * @param places all there are
 */
export function createAccountShares(places: number): AccountShares {
  const most = Math.max(1, Math.floor(places * SHARE));
  const taken = new Map<string, number>();
  const keptOut = new Map<string, Map<string, EndpointJob>>();
  return {
    enter(endpoint) {
      const { id, accountId } = endpoint;
      const count = taken.get(accountId) ?? 0;
      if (count < most) {
        taken.set(accountId, count + 1);
        return true;
      }
      keptOut.set(accountId, (keptOut.get(accountId) ?? new Map()).set(id, endpoint));
      return false;
    },
    leave({ accountId }) {
      const count = taken.get(accountId) ?? 0;
      if (count > 1) taken.set(accountId, count - 1);
      else taken.delete(accountId);
      const waiting = [...(keptOut.get(accountId)?.values() ?? [])];
      keptOut.delete(accountId);
      return waiting;
    },
  };
}
