import { sql } from "../sql.ts";

/** What the host's tables have for a row of `bulk.accounts account`, as text: its key or, without one, its id. */
export const ACCOUNT_KEY = sql`COALESCE(account.key, account.id::text)`;
