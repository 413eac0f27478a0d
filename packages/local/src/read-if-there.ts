import { readFile } from "node:fs/promises";

/** The text of a file; `undefined` when there is none, or its process in /proc ends meanwhile. */
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
