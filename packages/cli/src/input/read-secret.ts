import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CommandError, EXIT } from "../exit-codes.ts";

const MOST_CHARACTERS = 10_000;

/** Asks for a secret without showing it; from a pipe, reads its first line. Throws `CommandError` if there is none. */
export async function readSecret(question: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: process.stdin.isTTY });
  try {
    for await (const line of lines) {
      if (process.stdin.isTTY) process.stderr.write("\n");
      const secret = line.slice(0, MOST_CHARACTERS).trim();
      if (secret !== "") return secret;
      break;
    }
    throw new CommandError(EXIT.usage, "There is no token.");
  } finally {
    lines.close();
  }
}
