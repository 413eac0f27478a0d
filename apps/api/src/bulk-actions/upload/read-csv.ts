import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RequestError } from "@bulk/domain/errors/request-error";
import { CsvError, type Info, type Options, parse } from "csv-parse";
import { type Remainder, splitLines } from "./split-lines.ts";
import { lineTooLong, MOST_LINE_BYTES, recordIdsFault } from "./upload-faults.ts";
import type { UploadedIds } from "./uploaded-ids.ts";

/**
 * Reads the ids of CSV (RFC 4180): the column with one of the names, or the only one. The header may be missing if there is one
 * column. Yields now and then. Throws `invalid` with the line of the first fault.
 *
 * Lines that are just an id, in quotes or not, are read from their bytes, at ten times the speed of `csv-parse`. From the first
 * line on that is anything else, `csv-parse` reads.
 */
export async function* readCsv(
  pieces: AsyncIterator<Buffer>,
  ids: UploadedIds,
  onLine: (line: number) => void,
): AsyncGenerator<undefined> {
  let isFirst = true;
  const remainder = yield* splitLines(pieces, (bytes, from, to, line) => {
    onLine(line);
    const isTaken = (isFirst && isHeaderLine(ids, bytes, from, to)) || addLine(ids, bytes, from, to, line);
    if (isTaken) isFirst = false;
    return isTaken ? "taken" : "stop";
  });
  if (remainder !== undefined) yield* readRecords(pieces, remainder, isFirst, ids, onLine);
}

const [QUOTE, COMMA] = [0x22, 0x2c] as const;

// `addPlain` takes no text with a quote.
function addLine(ids: UploadedIds, bytes: Buffer, from: number, to: number, line: number): boolean {
  if (bytes[from] === QUOTE)
    return to - from > 2 && bytes[to - 1] === QUOTE && ids.addPlain(bytes, from + 1, to - 1, line);
  for (let at = from; at < to; at += 1) if (bytes[at] === COMMA) return false;
  return ids.addPlain(bytes, from, to, line);
}

function isHeaderLine(ids: UploadedIds, bytes: Buffer, from: number, to: number): boolean {
  const field = bytes.toString("utf8", from, to).replace(/^"([^"]*)"$/, "$1");
  return !field.includes(",") && findColumns([normalize(field)], ids) !== undefined;
}

function normalize(name: string): string {
  return name.trim().toLowerCase();
}

type Columns = { readonly count: number; readonly index: number };

const ONLY_COLUMN: Columns = { count: 1, index: 0 };

/** Finds the column of the ids if this is a header. */
function findColumns(fields: readonly string[], { names, type }: UploadedIds): Columns | undefined {
  const index = names.map((name) => fields.indexOf(name)).find((at) => at >= 0);
  if (index !== undefined) return { count: fields.length, index };
  // No UUID and no whole number is without a digit, and whoever means one does not write a word.
  const isWord = type !== "text" && fields.length === 1 && /^[a-z][a-z _-]*$/.test(fields[0] ?? "");
  return isWord ? ONLY_COLUMN : undefined;
}

async function* readRecords(
  pieces: AsyncIterator<Buffer>,
  { bytes, line: firstLine }: Remainder,
  isFirst: boolean,
  ids: UploadedIds,
  onLine: (line: number) => void,
): AsyncGenerator<undefined> {
  let columns = isFirst ? undefined : ONLY_COLUMN;
  let [returns, unread] = [0, 0];
  const parser = parse(OPTIONS);
  // An error of either is also that of the parser.
  const source = Readable.from(prepend(bytes, pieces), { objectMode: false });
  const feeding = pipeline(source, parser).catch(() => undefined);
  try {
    for await (const found of parser) {
      const { record, info } = found as CsvRecord;
      // The parser counts each of CR and LF within a field as a line.
      returns += countReturns(record);
      const line = Math.max(firstLine, firstLine + info.lines - returns - 1);
      onLine(line);
      const header = columns === undefined ? readHeader(record, ids, line) : undefined;
      columns ??= header ?? ONLY_COLUMN;
      if (header === undefined) addField(record, columns, ids, line);
      unread += 1;
      if (unread % RECORDS_AT_ONCE === 0) yield;
    }
  } catch (error) {
    throw error instanceof CsvError ? describe(error, firstLine - returns) : error;
  } finally {
    parser.destroy();
    await feeding;
  }
}

const RECORDS_AT_ONCE = 1_000;

type CsvRecord = { readonly record: readonly Buffer[]; readonly info: Info };

const OPTIONS: Options = {
  // Fields are bytes, so that only those of ids must be UTF-8.
  encoding: null,
  info: true,
  record_delimiter: ["\n", "\r\n"],
  max_record_size: MOST_LINE_BYTES,
  relax_column_count: true,
  skip_empty_lines: true,
};

async function* prepend(first: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let step = await pieces.next(); step.done !== true; step = await pieces.next()) yield step.value;
}

const RETURN = 0x0d;

function countReturns(record: readonly Buffer[]): number {
  return record.reduce((sum, field) => {
    return field.includes(RETURN) ? sum + field.filter((byte) => byte === RETURN).length : sum;
  }, 0);
}

function readHeader(record: readonly Buffer[], ids: UploadedIds, line: number): Columns | undefined {
  const fields = record.map((field) => normalize(field.toString()));
  const found = findColumns(fields, ids);
  const name = found && fields[found.index];
  if (name !== undefined && fields.lastIndexOf(name) !== found?.index) {
    throw recordIdsFault("invalid", `line ${line} has more than one column named ${name}`, { line });
  }
  if (found !== undefined || record.length === 1) return found;
  const names = ids.names.join(" or ");
  const message = `line ${line} has ${record.length} columns, and none of them is named ${names}`;
  throw recordIdsFault("invalid", message, { line });
}

function addField(
  record: readonly Buffer[],
  { count, index }: Columns,
  ids: UploadedIds,
  line: number,
): void {
  const field = record[index];
  if (record.length !== count || field === undefined) {
    const message = `line ${line} has ${record.length} columns instead of ${count}`;
    throw recordIdsFault("invalid", message, { line });
  }
  ids.addBytes(field, line);
}

function describe(error: CsvError, before: number): RequestError {
  const line = before + Number(error["lines"] ?? 1) - 1;
  if (error.code === "CSV_MAX_RECORD_SIZE") return lineTooLong(line);
  const message = `line ${line} is not CSV: a quote is not closed, or is within a field that does not begin with one`;
  return recordIdsFault("invalid", message, { line });
}
