import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Writes a declaration into a file for the processes of a run. */
export async function writeRecordsFile(
  declaration: object,
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-records-"));
  const path = join(directory, "records.json");
  await writeFile(path, JSON.stringify(declaration));
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}
