import { restoreAsOperator as createRestore } from "@bulk/actions/operators/submit-again";
import { creationConfig } from "@bulk/service/config/creation-config";
import { readConfig } from "@bulk/service/config/read-config";
import type { BulkActionKey } from "@bulk/store/watching/bulk-action-progress";
import { knownActions } from "../known-actions.ts";
import type { Session } from "../session.ts";
import { nudge } from "./nudge.ts";

/**
 * Submits a bulk action that brings back all records of another one. Throws the refusals of the API.
 *
 * @returns the id of the new bulk action
 */
export async function restoreAsOperator({ database, engines }: Session, key: BulkActionKey): Promise<string> {
  const config = readConfig(creationConfig, process.env);
  const creation = await createRestore({ database, registry: knownActions(), config }, key);
  if (creation.kind === "replayed") return creation.id;
  await nudge(engines, creation.bulkAction, config);
  return creation.bulkAction.id;
}
