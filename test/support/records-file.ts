import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordsFile } from "@bulk/records/declaration/records-file";

/** A file of records of a test's own, for RECORDS. */
export type TestRecords = AsyncDisposable & {
  readonly path: string;
  write(records: RecordsFile["records"]): Promise<void>;
};

/** Writes a file of records; removes it in the end. */
export async function writeRecordsFile(records: RecordsFile["records"]): Promise<TestRecords> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-records-"));
  const path = join(directory, "records.json");
  async function write(content: RecordsFile["records"]): Promise<void> {
    await writeFile(path, JSON.stringify({ records: content }));
  }
  await write(records);
  return { path, write, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
