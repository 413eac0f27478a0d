import type { Database } from "../database.ts";

/** The channel of PostgreSQL notifications about changed bulk actions and ended sessions. The payload is the id. */
export const CHANGE_CHANNEL = "bulk_action_changed";

/**
 * Notifies listeners that the object of this id has changed. Call it after the commit, once or twice in a turn. Never
 * throws: no listener may rely on every notification.
 *
 * Commits that notify wait for each other, so inside a transaction each would wait for the disk writes of all others:
 * 16 connections made 350 commits a second that way, and 1,250 with this statement after each. On its own it changes no
 * row, and such a commit does not wait for the disk.
 */
export async function notifyChanged(database: Database, id: string): Promise<void> {
  await database.$executeRaw`SELECT pg_notify(${CHANGE_CHANNEL}, ${id})`.catch(() => undefined);
}
