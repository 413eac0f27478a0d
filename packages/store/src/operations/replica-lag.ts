import type { Database } from "../database.ts";

/** The replication lag of this database. */
export type ReplicaLag =
  | { readonly kind: "known"; readonly lagSeconds: number }
  | { readonly kind: "no_replica" }
  /** This user may not see it: it lacks the role `pg_monitor`, or `pg_read_all_stats`. */
  | { readonly kind: "not_permitted" };

/**
 * Reads the largest replay lag of the connected replicas from `pg_stat_replication`. A replica that is not connected is
 * not counted.
 */
export async function readReplicaLag(database: Database): Promise<ReplicaLag> {
  const [row] = await database.$queryRaw<{ mayRead: boolean; replicas: number; lagSeconds: number }[]>`
    SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS "mayRead",
           (count(*) FILTER (WHERE state IN ('streaming', 'catchup')))::int AS replicas,
           -- Null when the replica has everything and nothing was written since.
           COALESCE(extract(epoch FROM max(replay_lag)), 0)::float8 AS "lagSeconds"
    FROM pg_stat_replication`;
  if (row?.mayRead !== true) return { kind: "not_permitted" };
  return row.replicas === 0 ? { kind: "no_replica" } : { kind: "known", lagSeconds: row.lagSeconds };
}
