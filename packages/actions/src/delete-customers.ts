import { sql } from "@bulk/store/sql";
import type { Action } from "./action.ts";

/** Deletes customers of the account; their orders stay, detached (ON DELETE SET NULL). */
export const deleteCustomers: Action = {
  type: "delete_customers",
  rights: { customers: ["SELECT", "DELETE"] },
  table: sql`customers`,
  change: sql`DELETE FROM customers USING chunk_records`,
  condition: sql`
    customers.id = chunk_records.record_id
      AND customers.account_id = chunk_records.account_id`,
  skipCode: sql`'record.not_found'`,
};
