import type { Database, Queryable } from "./database.ts";
import { type Sql, sql } from "./sql.ts";

/** What a statement that creates a bulk action must hold to, whatever the bulk action is made from. */
export type Admission = {
  readonly accountId: string;
  /** The token it is asked for with; `undefined`: with none, by ourselves. */
  readonly createdByTokenId: string | undefined;
  /** How many bulk actions of the account may be open at once. */
  readonly maxOpen: number;
  readonly idempotencyKey: IdempotencyKey | undefined;
};

/** A caller's word that two requests are the same one, sent again. */
export type IdempotencyKey = {
  /** The path it was sent to: a key means nothing elsewhere. */
  readonly path: string;
  readonly key: string;
  /** SHA-256 of what the request means. */
  readonly fingerprint: Uint8Array;
};

/** A cap above this is none: counting 10,000 takes 3 ms, longer than to create a bulk action. */
const COUNTED_AT_MOST = 10_000;

/**
 * The condition that the account has room for one more. Creates that run at the same moment do not see each
 * other, so the account may end up with as many over the cap as it has requests under way.
 */
export function hasRoom({ accountId, maxOpen }: Pick<Admission, "accountId" | "maxOpen">): Sql {
  if (maxOpen > COUNTED_AT_MOST) return sql`true`;
  return sql`${maxOpen} > (
    SELECT count(*) FROM (
      SELECT FROM bulk_actions
      WHERE account_id = ${accountId}::uuid AND status IN ('pending', 'processing') LIMIT ${maxOpen}
    ) AS open)`;
}

/**
 * A condition that always holds, and marks the key as under way until the statement's transaction has ended: see
 * `awaitKey`. It takes part in every statement that creates something with a key.
 */
export function marksKey({
  accountId,
  idempotencyKey,
}: Pick<Admission, "accountId" | "idempotencyKey">): Sql {
  if (idempotencyKey === undefined) return sql`true`;
  return sql`pg_try_advisory_xact_lock_shared(${lockOf(accountId, idempotencyKey)}) IS NOT NULL`;
}

/**
 * Waits until no request with this key is under way. Throws a lock time-out (55P03) when one outlasts that; any
 * other lock that a create may meet does not count.
 */
export async function awaitKey(database: Queryable, accountId: string, key: IdempotencyKey): Promise<void> {
  await database.$executeRaw`SELECT pg_advisory_xact_lock(${lockOf(accountId, key)})`;
}

function lockOf(accountId: string, { path, key }: IdempotencyKey): Sql {
  return sql`hashtextextended(${`${accountId} ${path} ${key}`}, 0)`;
}

/** The columns that keep the key on the bulk action it has created, as long as that is kept. */
export const KEY_COLUMNS = sql`idempotency_path, idempotency_key, idempotency_fingerprint`;

/** Their values. */
export function keyValues({ idempotencyKey }: Admission): Sql {
  const { path = null, key = null, fingerprint = null } = idempotencyKey ?? {};
  return sql`${path}::text, ${key}::text, ${fingerprint}::bytea`;
}

/**
 * Makes an INSERT with a key that is taken write nothing. It waits for one with the same key that is under way:
 * until that has ended, or for the lock time-out (55P03).
 */
export function unlessKeyIsTaken({ idempotencyKey }: Admission): Sql {
  if (idempotencyKey === undefined) return sql``;
  return sql`ON CONFLICT (account_id, idempotency_path, idempotency_key)
    WHERE idempotency_key IS NOT NULL DO NOTHING`;
}

/** The account's bulk action that was created with this key, and whether the same was asked for. */
export async function findCreatedWith(
  database: Database,
  accountId: string,
  { path, key, fingerprint }: IdempotencyKey,
): Promise<{ readonly id: string; readonly isSame: boolean } | undefined> {
  const [found] = await database.$queryRaw<{ id: string; isSame: boolean }[]>`
    SELECT id, idempotency_fingerprint = ${fingerprint} AS "isSame" FROM bulk_actions
    WHERE account_id = ${accountId}::uuid AND idempotency_path = ${path} AND idempotency_key = ${key}`;
  return found;
}
