import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BulkActionKey } from "@bulk/store/bulk-action-progress";
import type { Database } from "@bulk/store/database";
import { CSV_HEADER, csvLine } from "@bulk/store/record-lines";
import { type ActionRecord, walkRecords } from "@bulk/store/records";
import { toSnakeCase } from "./snake-case.ts";

export const EXPORT_FORMATS = ["ndjson", "csv"] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/**
 * Writes what became of every record of a bulk action, in order, to a file or to the standard output, as fast as
 * that takes it and no faster: a few chunks are in memory, whatever its size. Answers how many there were.
 *
 * A file gets its name at the end, so one that is there is whole. Throws `not_found`, and what the file system says.
 */
export async function exportRecords(
  database: Database,
  key: BulkActionKey,
  format: ExportFormat,
  file: string | undefined,
): Promise<number> {
  let count = 0;
  async function* write(): AsyncGenerator<string> {
    if (format === "csv") yield CSV_HEADER;
    const walk = walkRecords(database, key.accountId, key.id, { outcomes: undefined, from: 0 });
    for await (const records of walk) {
      count += records.length;
      yield records.map(LINES[format]).join("");
    }
  }
  const pieces = Readable.from(write(), { objectMode: false });
  await (file === undefined ? pipeline(pieces, process.stdout, { end: false }) : writeWhole(pieces, file));
  return count;
}

const LINES: Readonly<Record<ExportFormat, (record: ActionRecord) => string>> = {
  csv: csvLine,
  ndjson: ({ position, recordId, outcome, code = null }) =>
    `${JSON.stringify(toSnakeCase({ position, recordId, outcome, code }))}\n`,
};

async function writeWhole(pieces: Readable, file: string): Promise<void> {
  const unfinished = `${file}.${process.pid}.unfinished`;
  try {
    await pipeline(pieces, createWriteStream(unfinished, { flush: true }));
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
