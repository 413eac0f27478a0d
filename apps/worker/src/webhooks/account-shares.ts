import type { EndpointJob } from "@bulk/queue/webhooks/webhook-queue";
import { limitPlaces } from "@bulk/service/limits/limit-places";

/** Counts how many of the process's places each account uses. */
export type AccountShares = {
  /** Takes a place. `false`: the account uses its whole share; a later `leave` returns this endpoint. */
  enter(endpoint: EndpointJob): boolean;
  /** Gives the place back. Returns the endpoints of the account that found no place meanwhile. */
  leave(endpoint: EndpointJob): readonly EndpointJob[];
};

/** The share of all places that one account may use; at least one place. */
const SHARE = 1 / 4;

/**
 * Limits each account to a share of the places, so that slow receivers delay their own account only. Other accounts
 * find a free place, unless four accounts have slow receivers at once.
 *
 * @param places the number of places of the process
 */
export function createAccountShares(places: number): AccountShares {
  const shares = limitPlaces(Math.max(1, Math.floor(places * SHARE)));
  const keptOut = new Map<string, Map<string, EndpointJob>>();
  return {
    enter(endpoint) {
      const { id, accountId } = endpoint;
      if (shares.enter(accountId)) return true;
      keptOut.set(accountId, (keptOut.get(accountId) ?? new Map()).set(id, endpoint));
      return false;
    },
    leave({ accountId }) {
      shares.leave(accountId);
      const waiting = [...(keptOut.get(accountId)?.values() ?? [])];
      keptOut.delete(accountId);
      return waiting;
    },
  };
}
