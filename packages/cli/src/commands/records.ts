import { once } from "node:events";
import type { RecordOutcome } from "bulk-actions-client/types";
import { type Command, Option } from "commander";
import { openSession } from "../open-session.ts";
import { toCsvLine } from "../output/csv.ts";
import { toJsonLine } from "../output/print.ts";
import { alignRows, widthsOf } from "../output/table.ts";
import { collect } from "./options.ts";

type RecordsOptions = {
  readonly outcome?: readonly string[];
  readonly csv?: true;
  readonly json?: true;
};

/** `bulk-actions records` */
export function addRecordsCommand(program: Command): void {
  program
    .command("records")
    .description("Prints the outcome of each record, in the order submitted.")
    .argument("<id>", "the id of a bulk action")
    .option("--outcome <outcome>", "only such as skipped or failed; may be repeated", collect)
    .addOption(new Option("--csv", "as CSV").conflicts("json"))
    .option("--json", "as one JSON object per line")
    .action(printRecords);
}

async function printRecords(id: string, { outcome = [], csv, json }: RecordsOptions): Promise<void> {
  const records = (await openSession()).records(id, { outcome });
  for await (const text of csv ? writeCsv(records) : json ? writeLines(records) : writeTable(records)) {
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  }
}

const COLUMNS = ["record_id", "outcome", "code", "message"] as const;

async function* writeCsv(records: AsyncIterable<RecordOutcome>): AsyncGenerator<string> {
  yield toCsvLine(COLUMNS);
  for await (const record of records) yield toCsvLine(COLUMNS.map((column) => record[column]));
}

async function* writeLines(records: AsyncIterable<RecordOutcome>): AsyncGenerator<string> {
  for await (const record of records) yield toJsonLine(record);
}

/** As many rows are aligned at once, so that any number can be printed as it arrives. */
const ROWS_AT_ONCE = 500;

async function* writeTable(records: AsyncIterable<RecordOutcome>): AsyncGenerator<string> {
  let rows: string[][] = [COLUMNS.map((column) => column.toUpperCase())];
  let widths: readonly number[] = [];
  for await (const record of records) {
    rows.push(COLUMNS.map((column) => record[column] ?? ""));
    if (rows.length < ROWS_AT_ONCE) continue;
    widths = widthsOf(rows, widths);
    yield alignRows(rows, widths);
    rows = [];
  }
  yield alignRows(rows, widths);
}
