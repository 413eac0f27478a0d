import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/**
 * Runs `work` while nobody else, here or in another process, makes, starts or stops the server in `dataDir`.
 * Throws `EmbeddedPostgresError` when its turn does not come within three minutes.
 *
 * The lock is the kernel's, so it ends with the process that holds it, however that ends. Node has no call
 * for such a lock; SQLite takes one for a transaction, and nothing is ever written to the file.
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
    // On a file that cannot be written SQLite would take a lock that excludes nobody.
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
