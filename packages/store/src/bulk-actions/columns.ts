import { CURRENT_BRAKING } from "../operations/brake.ts";
import { OLDEST_HOLDING } from "../operations/pauses.ts";
import { sql } from "../sql.ts";

/** The columns of a `BulkAction`, from a row of `bulk_actions` under the name `bulk_action`. */
export const COLUMNS = sql`bulk_action.id, bulk_action.account_id AS "accountId",
  bulk_action.action_type AS "actionType", bulk_action.status, bulk_action.record_count AS "recordCount",
  bulk_action.created_at AS "createdAt", bulk_action.updated_at AS "updatedAt",
  bulk_action.started_at AS "startedAt", bulk_action.finished_at AS "finishedAt",
  bulk_action.cancel_requested_at AS "cancelRequestedAt", bulk_action.retry_of_id AS "retryOfId",
  bulk_action.restore_of_id AS "restoreOfId", bulk_action.restorable_until AS "restorableUntil",
  (SELECT COALESCE(sum(restored.deleted_count), 0)::int
   FROM bulk.bulk_actions restore JOIN bulk.bulk_action_chunks restored ON restored.bulk_action_id = restore.id
   WHERE restore.restore_of_id = bulk_action.id) AS "restoredCount",
  (SELECT json_build_object('id', token.id, 'name', token.name) FROM bulk.api_tokens token
   WHERE token.account_id = bulk_action.account_id AND token.id = bulk_action.created_by_token_id
  ) AS "createdBy", ${OLDEST_HOLDING} AS paused, ${CURRENT_BRAKING} AS braked`;
