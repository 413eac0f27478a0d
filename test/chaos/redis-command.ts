import { once } from "node:events";
import { connect } from "node:net";

/** Sends one command and answers the first line of the reply. Throws when the server goes before. */
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
