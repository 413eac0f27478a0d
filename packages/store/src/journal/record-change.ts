import { RequestError } from "@bulk/domain/errors/request-error";
import type { Database } from "../database.ts";
import { findSqlstate, mayHaveHappened } from "../sqlstate.ts";
import { insertEntry, type NewEntry } from "./journal.ts";

const OUTCOME_UNKNOWN = "outcome_unknown";

/**
 * Makes a change and writes down who made it. The entry is written first, so that nobody changes anything unrecorded: if it
 * cannot be written, `act` is not called. Until `act` has ended the entry says `outcome_unknown`; so it stays if the process
 * ends meanwhile, or if nobody knows whether the change was made. What `act` throws becomes the entry's `refusal`, as a code,
 * and is thrown again.
 *
 * @param bulkActionIdOf the bulk action that the change concerns, if it is known only afterwards
 */
export async function recordChange<Result>(
  database: Database,
  entry: NewEntry,
  act: () => Promise<Result>,
  bulkActionIdOf: (result: Result) => string | undefined = () => undefined,
): Promise<Result> {
  const id = await insertEntry(database, entry, OUTCOME_UNKNOWN);
  const result = await act().catch(async (error: unknown) => {
    await finishEntry(database, id, nameRefusal(error), undefined);
    throw error;
  });
  await finishEntry(database, id, null, bulkActionIdOf(result));
  return result;
}

// A restore is noted with the type that it restores, before its own bulk action is there.
// The change is made or refused, whatever becomes of this: the caller must learn that. The entry then stays unknown.
async function finishEntry(
  database: Database,
  id: string,
  refusal: string | null,
  bulkActionId: string | undefined,
): Promise<void> {
  await database.$executeRaw`
    UPDATE bulk.journal SET refusal = ${refusal}, bulk_action_id = COALESCE(${bulkActionId ?? null}::uuid, bulk_action_id),
      action_type = COALESCE(
        (SELECT action_type FROM bulk.bulk_actions WHERE id = ${bulkActionId ?? null}::uuid), action_type)
    WHERE id = ${id}::uuid`.catch(ignore);
}

// No message: it may quote a record.
function nameRefusal(error: unknown): string {
  if (error instanceof RequestError) return error.code;
  if (mayHaveHappened(error)) return OUTCOME_UNKNOWN;
  const sqlstate = findSqlstate(error);
  return sqlstate === undefined ? "failed" : `SQLSTATE ${sqlstate}`;
}

function ignore(): void {}
