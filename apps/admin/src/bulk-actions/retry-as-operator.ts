import { retryAsOperator as createRetry } from "@bulk/actions/operators/submit-again";
import { creationConfig } from "@bulk/service/config/creation-config";
import { readConfig } from "@bulk/service/config/read-config";
import type { LeftOver } from "@bulk/store/bulk-actions/retry-bulk-action";
import type { BulkActionKey } from "@bulk/store/watching/bulk-action-progress";
import { knownActions } from "../known-actions.ts";
import type { Session } from "../session.ts";
import { nudge } from "./nudge.ts";

/**
 * Submits a bulk action over the ids that another one left. Throws the refusals of the API.
 *
 * @returns the id of the new bulk action
 */
export async function retryAsOperator(
  { database, engines }: Session,
  key: BulkActionKey,
  taking: LeftOver,
): Promise<string> {
  const config = readConfig(creationConfig, process.env);
  const creation = await createRetry({ database, registry: knownActions(), config }, key, taking);
  if (creation.kind === "replayed") return creation.id;
  await nudge(engines, creation.bulkAction, config);
  return creation.bulkAction.id;
}
