import { once } from "node:events";
import { connect } from "node:net";

/** Sends one command and answers what comes first of the reply. Throws when the server goes before. */
export async function sayToRedis(port: number, command: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  try {
    const closed = once(socket, "close").then(() => {
      throw new Error("Redis closed the connection.");
    });
    closed.catch(() => undefined);
    socket.write(`${command}\r\n`);
    const reply: unknown[] = await Promise.race([once(socket, "data"), closed]);
    return String(reply[0]).trimEnd();
  } finally {
    socket.destroy();
  }
}

/** Sends one command to be done. Throws unless the reply is OK. */
export async function tellRedis(port: number, command: string): Promise<void> {
  const reply = await sayToRedis(port, command);
  if (reply !== "+OK") throw new Error(`${command}: ${reply}`);
}
