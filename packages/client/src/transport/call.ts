import type { Call, Connection } from "./connection.ts";
import { parseJson, readText } from "./read-body.ts";
import { send } from "./send.ts";

/** An operation of the API, as generated from its document. */
type Operation = {
  readonly body?: unknown;
  readonly path?: unknown;
  readonly query?: unknown;
  readonly headers?: unknown;
  readonly url: string;
};

/** A request whose parts are those of the operation. */
export type CallOf<Data extends Operation> = Omit<Call<Data["url"]>, "path" | "query" | "headers" | "body"> &
  Readonly<Pick<Data, Exclude<keyof Data, "url">>>;

/** Sends a request for an operation and returns its answer. Throws as `send` does. */
export async function call<Data extends Operation, Answer>(
  connection: Connection,
  request: CallOf<Data>,
): Promise<Answer> {
  const response = await send(connection, request as Call);
  try {
    return parseJson<Answer>(await readText(response));
  } catch (error) {
    request.signal?.throwIfAborted();
    throw error;
  }
}
