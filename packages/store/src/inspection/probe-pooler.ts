import { randomUUID } from "node:crypto";
import type { Client } from "pg";

/** The kind of connection to PostgreSQL. */
export type PoolerFinding =
  | { readonly kind: "direct" }
  /** A pooler; each connection keeps its server session. */
  | { readonly kind: "session_pooler" }
  /** A pooler; each transaction may get another session. */
  | { readonly kind: "transaction_pooler"; readonly keepsPreparedStatements: boolean };

/**
 * Detects a pooler by two signs: the server process announced at the start differs from the one that responds, and the
 * process changes while another connection uses it for a transaction. Changes nothing.
 *
 * @param busy a second connection to the same server, not used otherwise
 */
export async function probePooler(connection: Client, busy: Client): Promise<PoolerFinding> {
  // Prepared on first use, as the services' statements are; unique, because an earlier probe may have left its own.
  const name = `bulk_probe_${randomUUID()}`;
  const first = await readProcessId(connection, name);
  await busy.query("BEGIN");
  try {
    const others = await readProcessId(busy);
    const second = await readProcessId(connection, name).catch(noPreparedStatement);
    if (first !== second || first === others) {
      return { kind: "transaction_pooler", keepsPreparedStatements: second !== undefined };
    }
  } finally {
    await busy.query("ROLLBACK");
  }
  // The process id that the server announced; missing in the types of node-postgres.
  const announced: unknown = Reflect.get(connection, "processID");
  return { kind: announced === first ? "direct" : "session_pooler" };
}

async function readProcessId(connection: Client, name?: string): Promise<number | undefined> {
  const text = "SELECT pg_backend_pid() AS pid";
  const { rows } = await connection.query<{ pid: number }>(name === undefined ? { text } : { name, text });
  return rows[0]?.pid;
}

function noPreparedStatement(error: unknown): undefined {
  // invalid_sql_statement_name: it was prepared in another session.
  if (error instanceof Error && Reflect.get(error, "code") === "26000") return undefined;
  throw error;
}
