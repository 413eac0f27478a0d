import { setTimeout as wait } from "node:timers/promises";
import { connectClient, createClient } from "@bulk/postgres/connect";
import { withinOr } from "@bulk/service/timing/deadline";
import type pg from "pg";
import { CHANGE_CHANNEL } from "./change-channel.ts";

export type ListenerOptions = {
  /** PostgreSQL connection URL. A transaction pooler delivers no notifications. */
  readonly url: string;
  /** Called with the id of each changed bulk action or ended session. */
  readonly onChange: (id: string) => void;
  /** Called when listening begins, the first time and after each reconnect. Earlier changes were missed. */
  readonly onListening: () => void;
  readonly onError: (error: unknown) => void;
};

export type BulkActionListener = {
  /** Ends the connection, or the attempts to open one. */
  close(): Promise<void>;
};

/**
 * Keeps one connection that listens for changed bulk actions, and reopens it when it is lost. Notifications sent
 * meanwhile are lost: no caller may rely on every one.
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

/** How often the connection is probed: a silent one reports no error. */
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

/** How long closing may take: a silent connection never confirms it. */
const CLOSE_MS = 1_000;

async function disconnect(client: pg.Client): Promise<void> {
  await withinOr(CLOSE_MS, client.end(), undefined);
}

/** Resolves after this time, or when aborted. */
async function rest(forMs: number, signal: AbortSignal): Promise<void> {
  await wait(forMs, undefined, { signal }).catch(() => undefined);
}
