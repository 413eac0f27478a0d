import { severalAccounts } from "@bulk/domain/errors/refusals";
import { hasSeveralAccounts } from "@bulk/store/accounts/accounts";
import { findActionType } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import type { Database } from "@bulk/store/database";
import type { Registry } from "../registry.ts";

type Context = { readonly database: Database; readonly registry: Registry };

/** Throws `conflict` for an action on records that belong to no account while there are several. */
export async function admitRecords(actionType: string, { database, registry }: Context): Promise<void> {
  if (registry.get(actionType)?.needsOneAccount && (await hasSeveralAccounts(database))) {
    throw severalAccounts(actionType);
  }
}

/** The same for a retry of this bulk action, if the account has it. Asks nothing where no action needs one account. */
export async function admitRetry(
  { accountId, id }: { readonly accountId: string; readonly id: string },
  context: Context,
): Promise<void> {
  const { database, registry } = context;
  if (![...registry.values()].some(({ needsOneAccount }) => needsOneAccount)) return;
  const actionType = await findActionType(database, accountId, id);
  if (actionType !== undefined) await admitRecords(actionType, context);
}
