import { BulkActionsError, ConnectionError, WaitTimeoutError } from "../errors.ts";
import { retrieve } from "../retrieve.ts";
import type { Connection } from "../transport/connection.ts";
import { pause } from "../transport/pause.ts";
import { isTemporary } from "../transport/send.ts";
import type { BulkAction, Progress, WaitOptions } from "../types.ts";
import { readEvents } from "./read-events.ts";

/** After so many streams in a row that brought no event, events are not asked for again: a proxy may hold them back. */
const MOST_SILENT_STREAMS = 3;

const PAUSE_MS = 1_000;
const UNREACHABLE_MS = 300_000;

/** Waits for the end of a bulk action, and returns it. See `BulkActions.wait`. */
export async function waitForEnd(
  connection: Connection,
  id: string,
  { signal, onProgress, timeoutMs, unreachableMs = UNREACHABLE_MS }: WaitOptions = {},
): Promise<BulkAction> {
  const timeUp = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signals = [signal, timeUp].filter((each) => each !== undefined);
  try {
    return await follow(connection, id, { signal: AbortSignal.any(signals), onProgress, unreachableMs });
  } catch (error) {
    if (timeoutMs === undefined || error !== timeUp?.reason) throw error;
    throw new WaitTimeoutError(id, timeoutMs);
  }
}

type Following = Pick<WaitOptions, "onProgress"> & {
  readonly signal: AbortSignal;
  readonly unreachableMs: number;
};

async function follow(connection: Connection, id: string, following: Following): Promise<BulkAction> {
  const { signal, onProgress, unreachableMs } = following;
  const events: EventsRead = { lastId: undefined, silentStreams: 0 };
  let failingSince: number | undefined;
  for (;;) {
    // The events only tell when to look: whatever becomes of them, the end is found here.
    await listen(connection, id, events, following);
    try {
      const found = await retrieve(connection, id, { signal });
      failingSince = undefined;
      onProgress?.(progressOf(found));
      if (!isOpen(found)) return found;
    } catch (error) {
      failingSince ??= performance.now();
      if (!isTemporary(error) || performance.now() - failingSince > unreachableMs) throw error;
    }
    await pause(PAUSE_MS, signal);
  }
}

type EventsRead = {
  lastId: string | undefined;
  /** How many streams in a row brought no event. */
  silentStreams: number;
};

/** Reads events until their stream ends, for whatever reason. */
async function listen(
  connection: Connection,
  id: string,
  events: EventsRead,
  { signal, onProgress }: Following,
): Promise<void> {
  if (events.silentStreams >= MOST_SILENT_STREAMS) return;
  events.silentStreams += 1;
  try {
    const once = { ...connection, maxRetries: 0 };
    for await (const event of readEvents(once, id, events.lastId, signal)) {
      Object.assign(events, { lastId: event.id, silentStreams: 0 });
      onProgress?.(event.progress);
    }
  } catch (error) {
    if (!(error instanceof BulkActionsError || error instanceof ConnectionError)) throw error;
  }
}

function isOpen({ status }: BulkAction): boolean {
  return status === "pending" || status === "processing";
}

function progressOf({ id, status, details }: BulkAction): Progress {
  return { id, status, ...details };
}
