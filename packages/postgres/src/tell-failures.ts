import pg from "pg";

/** The connection failed, so no statement was sent. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
}

/** Whether the driver stopped waiting for the response to a statement. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof Error && error.message === "Query read timeout";
}

/**
 * Makes a pool throw `ConnectError` for a connection that broke before it was established, unlike one that broke in
 * mid-statement. Also closes a connection whose statement timed out at the driver: later statements, such as the ROLLBACK,
 * would wait behind it, and the pool would reuse it.
 */
export function tellFailures(pool: pg.Pool): void {
  pool.on("connect", endWhenGivenUp);
  const connect = pool.connect.bind(pool);
  Object.assign(pool, {
    connect(callback?: (error: unknown, ...connected: readonly unknown[]) => void): unknown {
      if (callback === undefined)
        return connect().catch((error: unknown) => Promise.reject(nameError(error)));
      return connect((error, ...connected) => callback(nameError(error), ...connected));
    },
  });
}

function endWhenGivenUp(client: pg.ClientBase): void {
  const send = client.query;
  Object.assign(client, {
    query(...values: readonly unknown[]): unknown {
      const answer: unknown = Reflect.apply(send, client, values);
      if (answer instanceof Promise) answer.catch((error) => isGivenUp(error) && end(client));
      return answer;
    },
  });
}

function end(client: pg.ClientBase): void {
  if (client instanceof pg.Client) client.end().catch(() => undefined);
}

function nameError(error: unknown): unknown {
  return isAmbiguous(error) ? new ConnectError("The database cannot be reached.", { cause: error }) : error;
}

// The driver throws the same errors for established connections.
function isAmbiguous(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  const isBroken = typeof code === "string" && ["ECONNRESET", "EPIPE", "ETIMEDOUT"].includes(code);
  return isBroken || isGivenUp(error) || error.message === "Connection terminated unexpectedly";
}
