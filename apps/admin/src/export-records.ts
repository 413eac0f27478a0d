import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writePrivateFile } from "@bulk/service/write-private-file";
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
 * A file is its owner's alone (0600) and gets its name at the end, so one that is there is whole. Throws `not_found`,
 * and what the file system says.
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
  await (file === undefined
    ? pipeline(pieces, process.stdout, { end: false })
    : writePrivateFile(file, pieces));
  return count;
}

const LINES: Readonly<Record<ExportFormat, (record: ActionRecord) => string>> = {
  csv: csvLine,
  ndjson: ({ position, recordId, outcome, code = null }) =>
    `${JSON.stringify(toSnakeCase({ position, recordId, outcome, code }))}\n`,
};
