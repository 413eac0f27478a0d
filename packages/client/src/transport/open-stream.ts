import { ConnectionError } from "../errors.ts";
import type { Call, Connection } from "./connection.ts";
import { readLines } from "./read-body.ts";
import { send } from "./send.ts";

/**
 * Sends a request and reads its answer line by line. Throws as `send` does, and `ConnectionError` when the answer breaks off or has
 * another type.
 */
export async function* openStream(
  connection: Connection,
  call: Call & { readonly accept: string },
): AsyncGenerator<string, void> {
  const { accept, headers, signal } = call;
  const response = await send(connection, { ...call, headers: { ...headers, accept } });
  if (response.status === 204) return;
  try {
    yield* readLines(expectType(response, accept));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function expectType(response: Response, accept: string): Response {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith(accept)) return response;
  response.body?.cancel().catch(() => undefined);
  throw new ConnectionError(`The answer is ${type}, not ${accept}.`, { status: response.status });
}
