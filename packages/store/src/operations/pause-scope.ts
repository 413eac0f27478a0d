/**
 * The scope of a pause: everything, one account, one action type, one action type of one account, or one bulk action.
 * `declaration`: one action type, set by workers while the database differs from its declaration (`hold-action-types.ts`).
 */
export type PauseScope =
  | { readonly kind: "all" }
  | { readonly kind: "account"; readonly accountId: string }
  | { readonly kind: "action_type"; readonly actionType: string }
  | { readonly kind: "declaration"; readonly actionType: string }
  | { readonly kind: "account_action_type"; readonly accountId: string; readonly actionType: string }
  | {
      readonly kind: "bulk_action";
      readonly accountId: string;
      readonly actionType: string;
      readonly bulkActionId: string;
    };

/** The scopes that operators pause and resume. */
export type OperatorScope = Exclude<PauseScope, { readonly kind: "declaration" }>;

/** Returns the key of an operator's pause in `bulk.pauses`. */
export function toKey(scope: OperatorScope): { readonly scope: string; readonly subject: string } {
  switch (scope.kind) {
    case "all":
      return { scope: scope.kind, subject: "" };
    case "account":
      return { scope: scope.kind, subject: scope.accountId };
    case "action_type":
      return { scope: scope.kind, subject: scope.actionType };
    case "account_action_type":
      return { scope: "account", subject: `${scope.accountId} ${scope.actionType}` };
    case "bulk_action":
      return { scope: "account", subject: `${scope.accountId} ${scope.actionType} ${scope.bulkActionId}` };
  }
}

/** Returns the scope of a row of `bulk.pauses`. Throws for one that this version does not know. */
export function fromKey(scope: string, subject: string): PauseScope {
  switch (scope) {
    case "all":
      return { kind: scope };
    case "account":
      return fromSubject(subject);
    case "action_type":
    case "declaration":
      return { kind: scope, actionType: subject };
    default:
      throw new Error(`A pause has the scope ${scope}, which this version does not know.`);
  }
}

// The subject is an account's id, optionally with an action type, and with the id of a bulk action. An older version reads
// more than it knows as an account, or a pair, that has no bulk actions; a new scope would make it fail.
function fromSubject(subject: string): PauseScope {
  const [accountId = "", actionType, bulkActionId] = subject.split(" ");
  if (actionType === undefined) return { kind: "account", accountId };
  if (bulkActionId === undefined) return { kind: "account_action_type", accountId, actionType };
  return { kind: "bulk_action", accountId, actionType, bulkActionId };
}
