import { EventEmitter } from "node:events";
import { limitPlaces, type Places } from "@bulk/service/limits/limit-places";
import type { Database } from "../database.ts";
import { type LoadRecords, openBulkActionLoader } from "./bulk-action-loader.ts";
import { type BulkActionKey, type BulkActionProgress, readProgress } from "./bulk-action-progress.ts";

/** The callers of this process that wait for bulk actions. */
export type Room = {
  readonly database: Database;
  /** By the id of the bulk action. */
  readonly watchers: Map<string, Set<Watcher>>;
  /** The places of each account. */
  readonly places: Places;
  readonly loadRecords: LoadRecords;
  readonly closing: AbortController;
};

/** One caller that waits. */
export type Watcher = BulkActionKey & {
  readonly bell: EventEmitter;
  /** What the last common query found; `undefined` before the first. */
  found: BulkActionProgress | "nothing" | undefined;
};

/** Opens an empty room. */
export function openRoom(database: Database, mostOfAccount: number): Room {
  return {
    database,
    watchers: new Map(),
    places: limitPlaces(mostOfAccount),
    loadRecords: openBulkActionLoader(database),
    closing: new AbortController(),
  };
}

/** Lets a caller in until `ended`. Returns `undefined` if its account has no place left. */
export function enter(room: Room, { accountId, id }: BulkActionKey, ended: AbortSignal): Watcher | undefined {
  const { watchers, places } = room;
  if (!places.enter(accountId)) return undefined;
  const watcher = { accountId, id, bell: new EventEmitter(), found: undefined };
  const others = watchers.get(id) ?? new Set();
  watchers.set(id, others.add(watcher));
  function leave(): void {
    others.delete(watcher);
    if (others.size === 0 && watchers.get(id) === others) watchers.delete(id);
    places.leave(accountId);
  }
  if (ended.aborted) leave();
  else ended.addEventListener("abort", leave);
  return watcher;
}

/** Wakes every caller. */
export function wakeAll({ watchers }: Room): void {
  for (const sameId of watchers.values()) for (const { bell } of sameId) bell.emit("ring");
}

/** Reads the bulk actions of these ids in one query, and wakes the callers that wait for them. */
export async function refresh(room: Room, ids: readonly string[]): Promise<void> {
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
