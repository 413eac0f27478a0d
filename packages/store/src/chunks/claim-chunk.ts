import type { KeyType } from "@bulk/domain/keys/key-type";
import { ACCOUNT_KEY } from "../accounts/account-key.ts";
import { type Sql, sql, textArray } from "../sql.ts";
import { catalogFingerprint } from "./catalog-fingerprint.ts";
import { idsColumn } from "./key-column.ts";

/**
 * The chunks that a turn may take: those of one bulk action, while the turn's generation is current. The action type
 * comes from the queue, which is not trusted: it must equal the type of the bulk action.
 */
export type ChunkSource = {
  readonly bulkActionId: string;
  readonly actionType: string;
  readonly generation: number;
  /** The most records that one try takes; by default the whole chunk. The rest of the chunk stays free. */
  readonly mostRecords?: number | undefined;
  /** No chunk is free once foreign keys or triggers of the action's tables have changed. Default: not looked at. */
  readonly guard?: CatalogGuard | undefined;
};

/** The foreign keys and triggers of tables as they were at the last look. */
export type CatalogGuard = {
  /** Oids. */
  readonly tableIds: readonly string[];
  readonly fingerprint: string;
};

/** Limits a try to some records of the chunk's next slice; by default it takes all. */
export type SliceLimits = Pick<ChunkSource, "mostRecords"> & {
  /** How many records it passes over first. */
  readonly offset?: number;
};

/** A free chunk that is claimed, and how much of it. */
export type Claim = {
  readonly source: ChunkSource;
  /** A condition over `chunk`. */
  readonly condition: Sql;
  /** The type of the records' key. */
  readonly type: KeyType;
  readonly offset?: number | undefined;
};

/**
 * A query that locks the next free chunk for which the condition over `chunk` holds: one row with the slice of ids that
 * this try takes, or none. `bulk_moment` is the one moment of the bulk action; `kept_slot` is null if it keeps no rows;
 * `restore_of_id` and `source_position` name the chunk that a restore takes back.
 *
 * The slice is null if the ids are of another kind than the key, because the key's type has changed since. The statement
 * then fails at `done_count`, and the careful path says why.
 *
 * The slice is cut outside the subquery: inside, PostgreSQL would read the ids of every free chunk.
 *
 * Once a chunk is claimed, the COMMIT of the transaction does not wait for the disk (docs/decisions/052). Whatever must be
 * durable when a caller learns of it has to be committed by another transaction, which then waits for this one as well.
 */
export function claim({ source, condition, type, offset = 0 }: Claim): Sql {
  return sql`
    SELECT free.bulk_action_id, free.position, free.account_id, free.account_key, free.bulk_moment,
           free.kept_slot, free.restore_of_id, free.source_position,
           free.${idsColumn(type)}[free.done_count + 1 + ${offset}::int
             : free.done_count + ${offset}::int
               + LEAST(COALESCE(free.slice_size, free.record_count), ${most(source)})] AS slice,
           set_config('synchronous_commit', 'off', true) AS commit_mode
    FROM (SELECT chunk.*, bulk_action.account_id, bulk_action.created_at AS bulk_moment,
                 bulk_action.kept_slot, bulk_action.restore_of_id,
                 ${ACCOUNT_KEY} AS account_key
          FROM bulk.bulk_action_chunks chunk
          JOIN bulk.bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
          JOIN bulk.accounts account ON account.id = bulk_action.account_id
          WHERE ${mayTake(source)}
            AND ${condition}
          ORDER BY chunk.position
          LIMIT 1
          FOR UPDATE OF chunk SKIP LOCKED) AS free`;
}

/** The most records that a try takes, or null, which LEAST ignores. */
export function most({ mostRecords }: SliceLimits): Sql {
  return sql`${mostRecords ?? null}::int`;
}

/** A condition over `bulk_action_chunks chunk` and its `bulk_action`: the turn may take the chunk now. */
export function mayTake(source: ChunkSource): Sql {
  return sql`chunk.bulk_action_id = ${source.bulkActionId}::uuid
            AND chunk.finished_at IS NULL
            AND chunk.not_before <= clock_timestamp()
            AND bulk_action.action_type = ${source.actionType}
            AND bulk_action.generation = ${source.generation}
            AND bulk_action.cancel_requested_at IS NULL${isUnchanged(source)}`;
}

function isUnchanged({ guard }: ChunkSource): Sql {
  if (guard === undefined) return sql``;
  return sql`
            AND ${catalogFingerprint(sql`${textArray(guard.tableIds)}::oid[]`)} = ${guard.fingerprint}`;
}
