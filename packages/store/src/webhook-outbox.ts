import { type Sql, sql } from "./sql.ts";

/**
 * A data-modifying statement for `settle`: writes one delivery for each endpoint of the account and each event
 * it subscribes to, so that an ended bulk action and the duty to tell of it commit together. Reads the common
 * table expressions `settled (id, account_id, action_type)` and `tally (deleted)`.
 *
 * One row however many records were deleted: the delivery pages through the chunks when it is sent. Costs one
 * look at an index for an account without endpoints.
 */
export const announceSettled: Sql = sql`
  INSERT INTO webhook_deliveries (account_id, endpoint_id, event_type, bulk_action_id, next_attempt_at)
  SELECT endpoint.account_id, endpoint.id, event.type, endpoint.bulk_action_id, clock_timestamp()
  FROM (SELECT webhook_endpoints.id, webhook_endpoints.account_id, webhook_events,
               settled.id AS bulk_action_id, settled.action_type
        FROM settled JOIN webhook_endpoints ON webhook_endpoints.account_id = settled.account_id
        WHERE enabled
        -- One deleted or disabled meanwhile is waited for and drops out; one to be disabled waits for this.
        FOR SHARE OF webhook_endpoints) AS endpoint, tally,
       (VALUES ('bulk_action.finished', NULL), ('product.deleted', 'delete_products'),
               ('customer.deleted', 'delete_customers'))
         AS event (type, action_type)
  WHERE event.type = ANY(endpoint.webhook_events)
    AND (event.action_type IS NULL OR (event.action_type = endpoint.action_type AND tally.deleted > 0))`;
