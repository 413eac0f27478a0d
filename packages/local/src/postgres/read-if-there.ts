import { readFile } from "node:fs/promises";

/** Reads a text file. Returns `undefined` if it does not exist, or is in /proc and its process has ended. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ESRCH"].includes(String(error.code))) {
      return undefined;
    }
    throw error;
  }
}
