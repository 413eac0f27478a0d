import type { Database } from "../database.ts";
import { openBulkActionListener } from "./bulk-action-listener.ts";
import { type BulkActionKey, readProgress } from "./bulk-action-progress.ts";
import { type BulkActionWatch, openWatch } from "./bulk-action-watch.ts";
import { inBatches } from "./in-batches.ts";
import { enter, openRoom, refresh, wakeAll } from "./waiting-room.ts";

export type WatcherOptions = {
  readonly database: Database;
  /** The same database, for a separate connection that listens. */
  readonly url: string;
  /** Called with each notified id, of bulk actions and of everything else. */
  readonly onChange?: (id: string) => void;
  readonly onError: (error: unknown) => void;
};

/** Serves the callers of this process that wait for bulk actions. */
export type BulkActionWatcher = {
  /**
   * Watches the account's bulk action of this id, in lower case, until `ended`. Throws if it cannot be read now.
   */
  watch(key: BulkActionKey, ended: AbortSignal): Promise<Watching>;
  /** Ends every watch with `over`. */
  close(): Promise<void>;
};

export type Watching =
  | { readonly kind: "watching"; readonly watch: BulkActionWatch }
  | { readonly kind: "not_found" }
  /** The account has `MOST_WATCHERS` already. */
  | { readonly kind: "crowded" };

/** How many callers of one account may watch at once in one process. */
export const MOST_WATCHERS = 2_000;

/**
 * Opens the watcher of a process. Callers that wait do not query: one query reads the bulk actions that notifications
 * named, for everybody who waits for them. Notifications can be lost, so one query reads every bulk action that is
 * waited for after each connect and every two seconds.
 */
export function openBulkActionWatcher({
  database,
  url,
  onChange,
  onError,
}: WatcherOptions): BulkActionWatcher {
  const room = openRoom(database, MOST_WATCHERS);
  const refreshSoon = inBatches<string>((ids) => refresh(room, ids).catch(onError), PAUSE_MS);
  const listener = openBulkActionListener({
    url,
    onChange(id) {
      onChange?.(id);
      if (room.watchers.has(id)) refreshSoon([id]);
    },
    onListening: () => refreshSoon(room.watchers.keys()),
    onError,
  });
  const safety = setInterval(() => refreshSoon(room.watchers.keys()), SAFETY_MS);
  return {
    async watch(key, ended) {
      // Entered before the first query, so that no change after that query is missed.
      const watcher = enter(room, key, ended);
      if (watcher === undefined) return { kind: "crowded" };
      const [first] = await readProgress(database, [key]);
      if (first === undefined) return { kind: "not_found" };
      return { kind: "watching", watch: openWatch(room, watcher, first) };
    },
    async close() {
      clearInterval(safety);
      room.closing.abort();
      wakeAll(room);
      await listener.close();
    },
  };
}

/** A bulk action's turns end many times a second. Callers need not see each, and every refresh is a query. */
const PAUSE_MS = 50;

/** How late a caller sees a change whose notification was lost. */
const SAFETY_MS = 2_000;
