import { creationUnknown, keyInProgress, keyReused } from "@bulk/domain/errors/refusals";
import type { Queryable } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import { isLockTimeout, mayHaveHappened } from "../sqlstate.ts";

/** A caller's mark on a request: requests with the same key are the same request, sent again. */
export type IdempotencyKey = {
  /** The path of the request: a key counts for one path. */
  readonly path: string;
  readonly key: string;
  /** SHA-256 of what the request means. */
  readonly fingerprint: Uint8Array;
};

/** The account, and the key of its request if it has one. */
type Keyed = { readonly accountId: string; readonly idempotencyKey: IdempotencyKey | undefined };

/** The columns that keep the key on the bulk action it created, for as long as that is kept. */
export const KEY_COLUMNS = sql`idempotency_path, idempotency_key, idempotency_fingerprint`;

/** The values of `KEY_COLUMNS`. */
export function keyValues({ idempotencyKey }: Keyed): Sql {
  const { path = null, key = null, fingerprint = null } = idempotencyKey ?? {};
  return sql`${path}::text, ${key}::text, ${fingerprint}::bytea`;
}

/**
 * A condition that always holds. It marks the key as in use until the transaction of the statement ends, which
 * `replayFailed` waits for. Every statement that creates something with a key must contain it.
 */
export function marksKey({ accountId, idempotencyKey }: Keyed): Sql {
  if (idempotencyKey === undefined) return sql`true`;
  return sql`pg_try_advisory_xact_lock_shared(${lockOf(accountId, idempotencyKey)}) IS NOT NULL`;
}

/**
 * Makes an INSERT with a taken key write nothing. The INSERT waits for another one with the same key: until that has
 * ended, or for the lock time-out (55P03).
 */
export function unlessKeyIsTaken({ idempotencyKey }: Keyed): Sql {
  if (idempotencyKey === undefined) return sql``;
  return sql`ON CONFLICT (account_id, idempotency_path, idempotency_key)
    WHERE idempotency_key IS NOT NULL DO NOTHING`;
}

/** Returns whether an earlier request of the account with the same key has created a bulk action, whatever it meant. */
export async function isKeyTaken(
  database: Queryable,
  key: {
    readonly accountId: string;
    readonly idempotencyKey: Omit<IdempotencyKey, "fingerprint"> | undefined;
  },
): Promise<boolean> {
  const { accountId, idempotencyKey } = key;
  if (idempotencyKey === undefined) return false;
  const found = await database.$queryRaw<unknown[]>`
    SELECT 1 AS one FROM bulk.bulk_actions
    WHERE account_id = ${accountId}::uuid AND idempotency_path = ${idempotencyKey.path}
      AND idempotency_key = ${idempotencyKey.key}`;
  return found.length > 0;
}

/** The bulk action that an earlier request with the same key created. */
export type Replay = { readonly kind: "replayed"; readonly id: string };

/**
 * Finds the account's bulk action that an earlier request with the same key created. Throws `invalid` if that request
 * meant something else.
 */
export async function findReplay(
  database: Queryable,
  { accountId, idempotencyKey }: Keyed,
): Promise<Replay | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const { path, key, fingerprint } = idempotencyKey;
  const [found] = await database.$queryRaw<{ id: string; isSame: boolean }[]>`
    SELECT id, idempotency_fingerprint = ${fingerprint} AS "isSame" FROM bulk.bulk_actions
    WHERE account_id = ${accountId}::uuid AND idempotency_path = ${path} AND idempotency_key = ${key}`;
  if (found === undefined) return undefined;
  if (!found.isSame) throw keyReused();
  return { kind: "replayed", id: found.id };
}

/**
 * Finds the bulk action that the same request created before, after a create failed because that request was still in
 * progress. Throws `conflict` if it still is, `unavailable` if it is unknown whether the create happened, and otherwise
 * the error of the create.
 */
export async function replayFailed(database: Queryable, keyed: Keyed, error: unknown): Promise<Replay> {
  if (mayHaveHappened(error)) throw Object.assign(creationUnknown(), { cause: error });
  const { accountId, idempotencyKey } = keyed;
  if (idempotencyKey === undefined || !isLockTimeout(error)) throw error;
  // The lock on the key proves that the same request is in progress; the create may have met any other lock.
  await database.$executeRaw`SELECT pg_advisory_xact_lock(${lockOf(accountId, idempotencyKey)})`.catch(
    (cause: unknown) => {
      throw isLockTimeout(cause) ? keyInProgress() : cause;
    },
  );
  const replay = await findReplay(database, keyed);
  if (replay === undefined) throw error;
  return replay;
}

function lockOf(accountId: string, { path, key }: IdempotencyKey): Sql {
  return sql`hashtextextended(${`${accountId} ${path} ${key}`}, 0)`;
}
