import type { Queryable } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import { applyChunk, type ChunkReport } from "./apply-chunk.ts";
import type { ChunkEffect } from "./chunk-effect.ts";
import { type ChunkSource, mayTake, most, type SliceLimits } from "./claim-chunk.ts";

/** A chunk whose row lock the transaction holds. */
export type LockedChunk = {
  readonly position: number;
  readonly attempts: number;
  readonly doneCount: number;
  /** How many records the next try takes. */
  readonly size: number;
  /** How many records have no outcome yet. */
  readonly remaining: number;
  /** Whether its ids are UUIDs; otherwise they are integers or texts. */
  readonly hasUuids: boolean;
};

/** One try of one locked chunk, under a savepoint. */
export type Attempt = {
  readonly transaction: Queryable;
  readonly source: ChunkSource;
  readonly effect: ChunkEffect;
  readonly chunk: LockedChunk;
};

/** Locks the next free chunk, in trouble or not, for which the condition over `chunk` holds. */
export async function lockNextChunk(
  transaction: Queryable,
  source: ChunkSource,
  condition: Sql = sql`true`,
): Promise<LockedChunk | undefined> {
  const [chunk] = await transaction.$queryRaw<LockedChunk[]>`
    SELECT chunk.position, chunk.attempts, chunk.done_count AS "doneCount",
           chunk.record_count - chunk.done_count AS remaining, chunk.text_ids IS NULL AS "hasUuids",
           LEAST(COALESCE(chunk.slice_size, chunk.record_count),
                 chunk.record_count - chunk.done_count, ${most(source)}) AS size
    FROM bulk.bulk_action_chunks chunk
    JOIN bulk.bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
    WHERE ${mayTake(source)} AND ${condition}
    ORDER BY chunk.position
    LIMIT 1
    FOR UPDATE OF chunk SKIP LOCKED`;
  return chunk;
}

/** Sets the savepoint that `rollBack` returns to. */
export async function setSavepoint(transaction: Queryable): Promise<void> {
  await transaction.$executeRaw`SAVEPOINT attempt`;
}

/** Undoes everything since the savepoint, time-outs included. Throws if the connection is lost. */
export async function rollBack({ transaction }: Pick<Attempt, "transaction">): Promise<void> {
  await transaction.$executeRaw`ROLLBACK TO SAVEPOINT attempt`;
}

/** Applies the effect to the chunk's next slice. Throws if the database refuses it, deferred constraints included. */
export async function applySlice(
  { transaction, source, effect, chunk }: Attempt,
  limits: SliceLimits,
): Promise<ChunkReport | undefined> {
  const report = await applyChunk(transaction, source, { position: chunk.position, effect, limits });
  // Otherwise a deferred constraint would refuse the COMMIT, and with it everything that the transaction wrote.
  await transaction.$executeRaw`SET CONSTRAINTS ALL IMMEDIATE`;
  return report;
}

/** Limits each wait for a lock to a quarter of a second, until the transaction or savepoint ends. */
export async function shortenWaits(transaction: Queryable): Promise<void> {
  await transaction.$executeRaw`SET LOCAL lock_timeout = 250`;
}
