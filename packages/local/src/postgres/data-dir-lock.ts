import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/**
 * Runs `work` under an exclusive lock on `dataDir`, so that no other call, in this or another process, creates, starts or
 * stops its server meanwhile. Throws `EmbeddedPostgresError` if the lock is not free within three minutes.
 *
 * It is a lock of the kernel, so it ends with the process that holds it. Node has no call for such a lock, but SQLite
 * takes one for a transaction. Nothing is written to the file.
 */
export async function withDataDirLock<Result>(dataDir: string, work: () => Promise<Result>): Promise<Result> {
  const lock = openLock(join(dataDir, "postgres.lock"));
  const deadline = performance.now() + 180_000;
  try {
    while (!tryLock(lock)) {
      if (performance.now() > deadline) {
        throw new EmbeddedPostgresError(
          `Another process has been starting or stopping PostgreSQL in ${dataDir} for minutes. End it or set another DATA_DIR.`,
        );
      }
      await wait(50);
    }
    return await work();
  } finally {
    lock.close();
  }
}

function openLock(path: string): DatabaseSync {
  try {
    const lock = new DatabaseSync(path, { timeout: 0 });
    // On a file that is not writable, SQLite would take a shared lock only.
    accessSync(path, constants.W_OK);
    return lock;
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `${path} cannot be opened for writing. Run this as the user who owns that directory, or set another DATA_DIR.`,
      { cause },
    );
  }
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    // SQLITE_BUSY, https://sqlite.org/rescode.html#busy
    if (error instanceof Error && "errcode" in error && error.errcode === 5) return false;
    throw error;
  }
}
