import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { FINISHED_EVENT_TYPE } from "@bulk/domain/webhooks/webhook-event";
import { knownEffects } from "../bulk-actions/known-effects.ts";
import { type Sql, sql } from "../sql.ts";

/**
 * A data-modifying statement for `settle`: writes one delivery for each endpoint of the account and each event that it
 * subscribes to, so that the end of a bulk action and its deliveries commit together. Reads the common table
 * expressions `settled (id, account_id, action_type)` and `tally (applied)`.
 *
 * A delivery is one row for any number of records: it reads the chunks page by page when it is sent. An account without
 * endpoints costs one index look-up.
 */
export function announceSettled(effects: RecordEffects): Sql {
  return sql`
  INSERT INTO bulk.webhook_deliveries (account_id, endpoint_id, event_type, bulk_action_id, next_attempt_at)
  SELECT endpoint.account_id, endpoint.id, event.type, endpoint.bulk_action_id, clock_timestamp()
  FROM (SELECT webhook_endpoints.id, webhook_endpoints.account_id, webhook_events,
               settled.id AS bulk_action_id, settled.action_type
        FROM settled JOIN bulk.webhook_endpoints ON webhook_endpoints.account_id = settled.account_id
        WHERE enabled
        -- Waits for a concurrent delete or disable, then leaves the endpoint out; a later disable waits for this.
        FOR SHARE OF webhook_endpoints) AS endpoint, tally,
       (SELECT ${FINISHED_EVENT_TYPE}, NULL
        UNION ALL SELECT unnest(events), action_type FROM ${knownEffects(effects)}) AS event (type, action_type)
  WHERE event.type = ANY(endpoint.webhook_events)
    AND (event.action_type IS NULL OR (event.action_type = endpoint.action_type AND tally.applied > 0))`;
}
