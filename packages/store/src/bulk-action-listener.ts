import { setTimeout as wait } from "node:timers/promises";
import { connectClient, createClient } from "@bulk/postgres/connect";
import type pg from "pg";
import { CHANGE_CHANNEL } from "./change-channel.ts";

export type ListenerOptions = {
  /** PostgreSQL connection URL; through a transaction pooler nothing is ever heard. */
  readonly url: string;
  /** What has this id has changed. */
  readonly onChange: (id: string) => void;
  /** Listening, for the first time or again; what happened before was not heard. */
  readonly onListening: () => void;
  readonly onError: (error: unknown) => void;
};

export type BulkActionListener = {
  /** Ends the connection, or the waiting for one. */
  close(): Promise<void>;
};

/**
 * Keeps one connection that hears of every change of a bulk action; a lost one is opened again for as long
 * as it takes. Notifications sent meanwhile are lost: nobody may rely on hearing of every change.
 */
export function openBulkActionListener(options: ListenerOptions): BulkActionListener {
  const closing = new AbortController();
  const ended = keepListening(options, closing.signal);
  return {
    async close() {
      closing.abort();
      await ended;
    },
  };
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

async function keepListening(options: ListenerOptions, closing: AbortSignal): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  function onListening(): void {
    pauseMs = FIRST_PAUSE_MS;
    options.onListening();
  }
  while (!closing.aborted) {
    await listenUntilLost({ ...options, onListening }, closing).catch(options.onError);
    await rest(pauseMs, closing);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

/** How often the connection is asked whether it is still there; one that went silent says nothing itself. */
const PROBE_MS = 10_000;

async function listenUntilLost(options: ListenerOptions, closing: AbortSignal): Promise<void> {
  const connection = { url: options.url, applicationName: "bulk-actions-listener", queryTimeoutMs: 5_000 };
  const client = createClient(connection);
  const over = new AbortController();
  client.once("end", () => over.abort());
  client.on("error", options.onError);
  client.on("notification", ({ payload }) => options.onChange(payload ?? ""));
  try {
    await connectClient(client, connection);
    await client.query(`LISTEN ${CHANGE_CHANNEL}`);
    options.onListening();
    const signal = AbortSignal.any([over.signal, closing]);
    for (;;) {
      await rest(PROBE_MS, signal);
      if (signal.aborted) return;
      await client.query("SELECT");
    }
  } finally {
    await disconnect(client);
  }
}

/** How long a farewell may take: a connection that went silent would never answer it. */
const FAREWELL_MS = 1_000;

async function disconnect(client: pg.Client): Promise<void> {
  await Promise.race([client.end(), wait(FAREWELL_MS, undefined, { ref: false })]);
}

/** Resolves after this long, or when told to stop. */
async function rest(forMs: number, signal: AbortSignal): Promise<void> {
  await wait(forMs, undefined, { signal }).catch(() => undefined);
}
