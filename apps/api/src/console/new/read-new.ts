import { RequestError, type ValidationError } from "@bulk/domain/errors/request-error";
import { showValue } from "@bulk/domain/show-value";
import { type Account, findAccount } from "@bulk/store/accounts/accounts";
import { listHolds } from "@bulk/store/operations/hold-action-types";
import { type NewBulkAction, newBulkActionBody } from "../../bulk-actions/body/new-bulk-action.ts";
import type { OneAtATime } from "../../http/bodies/one-at-a-time.ts";
import type { ConsoleContext } from "../context.ts";
import { bodyOfForm, faultOf } from "./body-of-form.ts";
import type { NewForm } from "./new-form.ts";

/** A bulk action that an operator wants to submit, as the API would read it. */
export type ReadNew = { readonly account: Account; readonly action: NewBulkAction };

/**
 * Reads the account and the bulk action of the form. Throws `invalid` with all faults, those of the API's own parser
 * included, and `conflict` if the safety catch holds the action type.
 *
 * @param parse runs the parser, which may take a while
 * @param expectedCount of matches; `undefined` before it is confirmed
 */
export async function readNew(
  form: NewForm,
  expectedCount: number | undefined,
  parse: OneAtATime,
  { api, database }: Pick<ConsoleContext, "api" | "database">,
): Promise<ReadNew> {
  const account = await loadAccount(form.account, database).catch(collectFaults);
  const body = () => newBulkActionBody(api).parse(bodyOfForm(form, api.registry, expectedCount));
  const action = await parse(body).catch(collectFaults);
  if ("faults" in account || "faults" in action) {
    const faults = [
      ...("faults" in account ? account.faults : []),
      ...("faults" in action ? action.faults : []),
    ];
    throw new RequestError("invalid", "bulk_action.invalid", "The form has faults.", faults);
  }
  await refuseHeld(action.actionType, database);
  return { account, action };
}

// Whatever is no fault of the form ends the reading.
function collectFaults(error: unknown): { readonly faults: readonly ValidationError[] } {
  if (!(error instanceof RequestError) || error.validationErrors.length === 0) throw error;
  return { faults: error.validationErrors };
}

/** Loads the account of this name or id. Throws `invalid`. */
export async function loadAccount(nameOrId: string, database: ConsoleContext["database"]): Promise<Account> {
  if (nameOrId === "") throw accountFault("can't be blank");
  // The database refuses U+0000, and no name has control characters.
  const account = /\p{Cc}/u.test(nameOrId) ? undefined : await findAccount(database, nameOrId);
  if (account === undefined) throw accountFault(`does not exist: ${showValue(nameOrId)}`);
  return account;
}

function accountFault(message: string): RequestError {
  return new RequestError("invalid", "bulk_action.invalid", `account ${message}.`, [
    faultOf("account", message),
  ]);
}

/** Throws `conflict` if the safety catch holds the action type: an operator has a cure at hand, and callers do not. */
export async function refuseHeld(actionType: string, database: ConsoleContext["database"]): Promise<void> {
  const hold = (await listHolds(database)).find((each) => each.actionType === actionType);
  if (hold === undefined) return;
  const message = `is held by the safety catch, so nothing would be done now: ${hold.reason}`;
  throw new RequestError("conflict", "action_type.held", `${actionType} ${message}.`, [
    faultOf("action_type", message),
  ]);
}
