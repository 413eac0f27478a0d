import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/**
 * Writes a file that only its owner may read and write (mode 0600). The file gets its name at the end, so it is always
 * complete. It replaces an existing file and its mode; a process that has the old file open sees nothing of the new one.
 * Throws the file system's error and leaves nothing behind.
 */
export async function writePrivateFile(path: string, content: string | Readable): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString("hex")}.unfinished`;
  const source = typeof content === "string" ? Readable.from([content]) : content;
  try {
    await pipeline(source, createWriteStream(unfinished, { flags: "wx", mode: 0o600, flush: true }));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
