import { EventEmitter, once } from "node:events";
import { openBulkActionListener } from "./bulk-action-listener.ts";
import { type LoadRecords, openBulkActionLoader } from "./bulk-action-loader.ts";
import {
  type BulkActionKey,
  type BulkActionProgress,
  isAhead,
  readProgress,
} from "./bulk-action-progress.ts";
import type { BulkActionWithRecords } from "./bulk-actions.ts";
import type { Database } from "./database.ts";
import { inBatches } from "./in-batches.ts";

export type WatcherOptions = {
  readonly database: Database;
  /** The same database, for a connection of its own that listens. */
  readonly url: string;
  /** Hears each id that is notified, of bulk actions and of all else. */
  readonly onChange?: (id: string) => void;
  readonly onError: (error: unknown) => void;
};

/** Looks after everybody in this process who waits for a bulk action. */
export type BulkActionWatcher = {
  /**
   * Watches the account's bulk action of this id, in lower case, until `ended`. Throws when it cannot be read now.
   */
  watch(key: BulkActionKey, ended: AbortSignal): Promise<Watching>;
  /** Lets go of everybody at once, with `over`. */
  close(): Promise<void>;
};

export type Watching =
  | { readonly kind: "watching"; readonly watch: BulkActionWatch }
  | { readonly kind: "not_found" }
  /** `MOST_WATCHERS` of the account do already. */
  | { readonly kind: "crowded" };

/** How many callers of one account may watch at once, in one process. */
export const MOST_WATCHERS = 2_000;

/** One caller's view of one bulk action. */
export type BulkActionWatch = {
  /** How it was at the beginning. */
  readonly first: BulkActionProgress;
  /** The latest progress beyond the last one seen, as soon as there is any; what lies between is passed over. */
  next(until: AbortSignal): Promise<News>;
  /** The bulk action as last seen, with its ids; callers that ask at the same time share one query. */
  load(): Promise<BulkActionWithRecords | undefined>;
};

export type News =
  | { readonly kind: "changed"; readonly progress: BulkActionProgress }
  /** `until` came first. */
  | { readonly kind: "unchanged" }
  /** There will be no more: the bulk action is gone, or the watcher is closed. */
  | { readonly kind: "over" };

/**
 * Opens the watcher of a process. Nobody who waits asks the database: one query reads again what a
 * notification named, for all who wait for it; and because notifications can be lost, one query reads every
 * bulk action that is waited for again after each connect and every two seconds.
 */
export function openBulkActionWatcher({
  database,
  url,
  onChange,
  onError,
}: WatcherOptions): BulkActionWatcher {
  const room = openRoom(database);
  const lookAgain = inBatches<string>((ids) => look(room, ids).catch(onError), PAUSE_MS);
  const listener = openBulkActionListener({
    url,
    onChange(id) {
      onChange?.(id);
      if (room.watchers.has(id)) lookAgain([id]);
    },
    onListening: () => lookAgain(room.watchers.keys()),
    onError,
  });
  const safety = setInterval(() => lookAgain(room.watchers.keys()), SAFETY_MS);
  return {
    async watch(key, ended) {
      if ((room.crowds.get(key.accountId) ?? 0) >= MOST_WATCHERS) return { kind: "crowded" };
      // Before the first look: what happens after that look is then not missed.
      const watcher = enter(room, key, ended);
      const [first] = await readProgress(database, [key]);
      if (first === undefined) return { kind: "not_found" };
      return { kind: "watching", watch: openWatch(room, watcher, first) };
    },
    async close() {
      clearInterval(safety);
      room.closing.abort();
      for (const watcher of everybody(room)) watcher.bell.emit("ring");
      await listener.close();
    },
  };
}

/** A bulk action's turns end many times a second; nobody needs to see each, and every look is a query. */
const PAUSE_MS = 50;

/** How late an answer may come when the notification was lost. */
const SAFETY_MS = 2_000;

type Watcher = BulkActionKey & {
  readonly bell: EventEmitter;
  /** What the last common look found; `undefined` before the first. */
  found: BulkActionProgress | "nothing" | undefined;
};

type Room = {
  readonly database: Database;
  /** By the id of the bulk action. */
  readonly watchers: Map<string, Set<Watcher>>;
  /** How many of them each account has. */
  readonly crowds: Map<string, number>;
  readonly loadRecords: LoadRecords;
  readonly closing: AbortController;
};

function openRoom(database: Database): Room {
  const loadRecords = openBulkActionLoader(database);
  return { database, watchers: new Map(), crowds: new Map(), loadRecords, closing: new AbortController() };
}

function enter(room: Room, { accountId, id }: BulkActionKey, ended: AbortSignal): Watcher {
  const { watchers } = room;
  const watcher = { accountId, id, bell: new EventEmitter(), found: undefined };
  if (ended.aborted) return watcher;
  const others = watchers.get(id) ?? new Set();
  watchers.set(id, others.add(watcher));
  count(room, accountId, 1);
  ended.addEventListener("abort", () => {
    others.delete(watcher);
    if (others.size === 0 && watchers.get(id) === others) watchers.delete(id);
    count(room, accountId, -1);
  });
  return watcher;
}

function count({ crowds }: Room, accountId: string, change: 1 | -1): void {
  const size = (crowds.get(accountId) ?? 0) + change;
  if (size === 0) crowds.delete(accountId);
  else crowds.set(accountId, size);
}

function everybody({ watchers }: Room): readonly Watcher[] {
  return [...watchers.values()].flatMap((sameId) => [...sameId]);
}

async function look(room: Room, ids: readonly string[]): Promise<void> {
  const watching = ids.flatMap((id) => [...(room.watchers.get(id) ?? [])]);
  if (watching.length === 0) return;
  const keys = new Map(watching.map((watcher) => [nameOf(watcher), watcher]));
  const rows = await readProgress(room.database, [...keys.values()]);
  const found = new Map(rows.map((progress) => [nameOf(progress), progress]));
  for (const watcher of watching) {
    watcher.found = found.get(nameOf(watcher)) ?? "nothing";
    watcher.bell.emit("ring");
  }
}

function nameOf({ accountId, id }: BulkActionKey): string {
  return `${accountId}/${id}`;
}

function openWatch(room: Room, watcher: Watcher, first: BulkActionProgress): BulkActionWatch {
  let seen = first;
  return {
    first,
    async next(until) {
      const news = await findNews(room, watcher, seen, until);
      if (news.kind === "changed") seen = news.progress;
      return news;
    },
    load: () => room.loadRecords(seen),
  };
}

async function findNews(
  room: Room,
  watcher: Watcher,
  seen: BulkActionProgress,
  until: AbortSignal,
): Promise<News> {
  for (;;) {
    const { found } = watcher;
    if (room.closing.signal.aborted || found === "nothing") return { kind: "over" };
    if (found !== undefined && isAhead(found, seen)) return { kind: "changed", progress: found };
    if (until.aborted) return { kind: "unchanged" };
    await once(watcher.bell, "ring", { signal: until }).catch(() => undefined);
  }
}
