/**
 * Settings of PostgreSQL for a run in which the machine never fails, only processes: what a process has
 * written survives it, so without fsync nothing is lost, and a recovery takes a second instead of seven.
 */
export const HASTENED_RECOVERY: readonly string[] = [
  "fsync = off",
  "checkpoint_timeout = '30s'",
  "max_wal_size = '256MB'",
];
