import pg from "pg";

/** No connection came about, so no statement was sent. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
}

/** Whether the driver gave up waiting for the answer to a statement. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof Error && error.message === "Query read timeout";
}

/**
 * Makes a pool tell a connection that broke while it was made (`ConnectError`) from one that broke in mid-statement,
 * and close a connection whose statement was given up: what is sent after it, such as the ROLLBACK of its transaction,
 * would wait behind it, and the pool would lend it to others.
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

// What the driver also says of a connection that had come about.
function isAmbiguous(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  const isBroken = typeof code === "string" && ["ECONNRESET", "EPIPE", "ETIMEDOUT"].includes(code);
  return isBroken || isGivenUp(error) || error.message === "Connection terminated unexpectedly";
}
