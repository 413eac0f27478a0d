import type { Pause } from "@bulk/store/operations/pauses";
import { inWords } from "./words.ts";

/** What a pause holds: `everything`, `delete products of acme`. */
export function nameScope({ scope, accountName }: Pick<Pause, "scope" | "accountName">): string {
  switch (scope.kind) {
    case "all":
      return "everything";
    case "account":
      return `all of ${accountName ?? scope.accountId}`;
    case "action_type":
    case "declaration":
      return inWords(scope.actionType);
    case "account_action_type":
      return `${inWords(scope.actionType)} of ${accountName ?? scope.accountId}`;
    case "bulk_action":
      return `bulk action ${scope.bulkActionId}`;
  }
}

/** A pause in one or two sentences, with its reason. */
export function describePause(pause: Pause): string {
  const { scope, reason, pausedBy } = pause;
  if (scope.kind === "declaration") {
    return `The safety catch holds ${nameScope(pause)}, so no chunk is begun: ${reason}. Settings show the cure.`;
  }
  const because = reason === null ? "" : `: ${reason}`;
  if (scope.kind === "bulk_action") return `Paused by ${pausedBy}${because}.`;
  return `Paused (${nameScope(pause)}) by ${pausedBy}${because}.`;
}

/** The command that ends a pause. */
export function resumeCommand({ scope, accountName }: Pause): string {
  const options = [
    "accountId" in scope ? ` --account ${quote(accountName ?? scope.accountId)}` : "",
    "actionType" in scope ? ` --action-type ${scope.actionType}` : "",
  ].join("");
  return `pnpm admin resume${options === "" ? " --all" : options}`;
}

// For a shell.
function quote(name: string): string {
  return /^[\w.@-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
