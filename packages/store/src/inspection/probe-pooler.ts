import { randomUUID } from "node:crypto";
import type { Client } from "pg";

/** What is between us and PostgreSQL. */
export type PoolerFinding =
  | { readonly kind: "direct" }
  /** A connection keeps its server session. */
  | { readonly kind: "session_pooler" }
  /** Each transaction may have another session. */
  | { readonly kind: "transaction_pooler"; readonly keepsPreparedStatements: boolean };

/**
 * Tells a pooler by two signs: the process id given at the start is not the one that answers, and a connection's
 * process changes while another one keeps it in a transaction. Changes nothing.
 *
 * @param busy a second connection to the same server; it must not be in use otherwise
 */
export async function probePooler(connection: Client, busy: Client): Promise<PoolerFinding> {
  // As the services' statements are, prepared on first use; the name must not be known from an earlier probe.
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
  // node-postgres keeps what the server said at the start; its types do not tell.
  const announced: unknown = Reflect.get(connection, "processID");
  return { kind: announced === first ? "direct" : "session_pooler" };
}

async function readProcessId(connection: Client, name?: string): Promise<number | undefined> {
  const text = "SELECT pg_backend_pid() AS pid";
  const { rows } = await connection.query<{ pid: number }>(name === undefined ? { text } : { name, text });
  return rows[0]?.pid;
}

function noPreparedStatement(error: unknown): undefined {
  // invalid_sql_statement_name: it was prepared in another session than this one.
  if (error instanceof Error && Reflect.get(error, "code") === "26000") return undefined;
  throw error;
}
