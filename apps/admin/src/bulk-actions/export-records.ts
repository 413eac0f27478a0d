import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { bareCode, nameOutcome } from "@bulk/domain/bulk-actions/outcome";
import { effectWord } from "@bulk/domain/bulk-actions/record-effect";
import { writePrivateFile } from "@bulk/service/process/write-private-file";
import type { Database } from "@bulk/store/database";
import { CSV_HEADER, csvLine } from "@bulk/store/records/record-lines";
import { type ActionRecord, walkRecords } from "@bulk/store/records/walk-records";
import { knownActions } from "../known-actions.ts";
import { toSnakeCase } from "../output/snake-case.ts";

export const EXPORT_FORMATS = ["ndjson", "csv"] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/**
 * Writes the outcome of every record of a bulk action, in order, to a file or to the standard output, as fast as
 * that accepts it: a few chunks are in memory, whatever its size. Returns how many records there were.
 *
 * A file has mode 0600 and gets its name at the end, so it is complete if it exists. Throws `not_found` and errors of the
 * file system.
 */
export async function exportRecords(
  database: Database,
  bulkAction: Pick<BulkAction, "id" | "accountId" | "actionType">,
  format: ExportFormat,
  file: string | undefined,
): Promise<number> {
  const effect = effectWord(knownActions(), bulkAction.actionType);
  let count = 0;
  async function* write(): AsyncGenerator<string> {
    if (format === "csv") yield CSV_HEADER;
    const walk = walkRecords(database, bulkAction.accountId, bulkAction.id, { outcomes: undefined, from: 0 });
    for await (const records of walk) {
      count += records.length;
      yield records.map((record) => LINES[format](record, effect)).join("");
    }
  }
  const pieces = Readable.from(write(), { objectMode: false });
  await (file === undefined
    ? pipeline(pieces, process.stdout, { end: false })
    : writePrivateFile(file, pieces));
  return count;
}

const LINES: Readonly<Record<ExportFormat, (record: ActionRecord, effect: string) => string>> = {
  csv: csvLine,
  ndjson: ({ position, recordId, outcome, code }, effect) => {
    const words = { outcome: nameOutcome(outcome, effect), code: code === undefined ? null : bareCode(code) };
    return `${JSON.stringify(toSnakeCase({ position, recordId, ...words }))}\n`;
  },
};
