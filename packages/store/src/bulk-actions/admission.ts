import { type Sql, sql } from "../sql.ts";
import type { IdempotencyKey } from "./idempotency.ts";

/** The conditions that every new bulk action must meet, and who creates it. */
export type Admission = {
  readonly accountId: string;
  /** The token of the request; `undefined` for an operator. */
  readonly createdByTokenId: string | undefined;
  /** How many bulk actions of the account may be open at once. */
  readonly maxOpen: number;
  readonly idempotencyKey: IdempotencyKey | undefined;
};

/** A higher limit is not enforced: counting 10,000 takes 3 ms, longer than creating a bulk action. */
const COUNTED_AT_MOST = 10_000;

/**
 * A condition: the account may open one more. Concurrent creates do not see each other, so the account may exceed the
 * limit by its number of concurrent requests.
 */
export function hasRoom({ accountId, maxOpen }: Pick<Admission, "accountId" | "maxOpen">): Sql {
  if (maxOpen > COUNTED_AT_MOST) return sql`true`;
  return sql`${maxOpen} > (
    SELECT count(*) FROM (
      SELECT FROM bulk.bulk_actions
      WHERE account_id = ${accountId}::uuid AND status IN ('pending', 'processing') LIMIT ${maxOpen}
    ) AS open)`;
}
