import type { PauseScope } from "@bulk/store/operations/pause-scope";
import type { Pause } from "@bulk/store/operations/pauses";
import { showMoment } from "./lines.ts";

/** Formats a pause in one line: what is paused, since when, by whom and why. */
export function describePause({ scope, accountName, reason, pausedBy, pausedAt }: Pause): string {
  const since = `since ${showMoment(pausedAt)}, by ${pausedBy}`;
  return `${describeScope(scope, accountName)}  ${since}${reason === null ? "" : `: ${reason}`}`;
}

function describeScope(scope: PauseScope, accountName: string | null): string {
  switch (scope.kind) {
    case "all":
      return "everything";
    case "account":
      return `account ${accountName ?? scope.accountId}`;
    case "action_type":
    case "declaration":
      return `action type ${scope.actionType}`;
    case "account_action_type":
      return `account ${accountName ?? scope.accountId}, action type ${scope.actionType}`;
    case "bulk_action":
      return `bulk action ${scope.bulkActionId} of account ${accountName ?? scope.accountId}, ${scope.actionType}`;
  }
}
