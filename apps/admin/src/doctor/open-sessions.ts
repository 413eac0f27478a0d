import { type Database, openDatabase } from "@bulk/store/database";
import { readSessionTimeouts } from "@bulk/store/inspection/session-timeouts";
import { type DatabaseUser, readUser } from "@bulk/store/inspection/table-rights";
import type { WorkerConfig } from "@bulk/worker/config";
import { describeError } from "./describe-error.ts";
import { fault, type Observation, ok } from "./finding.ts";
import type { Opened } from "./opened.ts";

/** Connects as a worker does, and sees whether it gets the time-outs it asks for. */
export async function openSessions(databaseUrl: string, config: WorkerConfig): Promise<Opened<Database>> {
  const database = openDatabase({
    url: databaseUrl,
    applicationName: "bulk-actions-admin",
    poolSize: 2,
    lockTimeoutMs: config.LOCK_TIMEOUT_MS,
    statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
  });
  try {
    const { lockTimeoutMs, statementTimeoutMs } = await readSessionTimeouts(database);
    const isGranted =
      lockTimeoutMs === config.LOCK_TIMEOUT_MS && statementTimeoutMs === config.STATEMENT_TIMEOUT_MS;
    const user = await readUser(database);
    return { thing: database, observations: [isGranted ? GRANTED : describeDropped(config, user)] };
  } catch (error) {
    await database.$disconnect();
    return { thing: undefined, observations: [describeRefusal(error)] };
  }
}

const GRANTED = ok("Workers get the time-outs they ask for.");

function describeDropped(
  { LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS }: WorkerConfig,
  { name }: DatabaseUser,
): Observation {
  return fault(
    "Workers do not get the time-outs they ask for: something in between drops them, and chunks may wait for ever.",
    `ALTER ROLE ${name} SET lock_timeout = ${LOCK_TIMEOUT_MS};\n` +
      `ALTER ROLE ${name} SET statement_timeout = ${STATEMENT_TIMEOUT_MS};\n` +
      `ALTER ROLE ${name} SET idle_in_transaction_session_timeout = ${STATEMENT_TIMEOUT_MS};`,
  );
}

function describeRefusal(error: unknown): Observation {
  const reason = describeError(error);
  // PgBouncer's words.
  const isAboutTimeouts = /unsupported startup parameter/.test(reason);
  return fault(
    `Workers cannot connect: ${reason}`,
    isAboutTimeouts
      ? "pgbouncer.ini: ignore_startup_parameters = lock_timeout, statement_timeout, idle_in_transaction_session_timeout"
      : "Mend what the message says.",
  );
}
