import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import type { RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import { effectWord } from "@bulk/domain/bulk-actions/record-effect";
import { CSV_HEADER, csvLine } from "@bulk/store/records/record-lines";
import { walkRecords } from "@bulk/store/records/walk-records";
import { presentRecord } from "@bulk/wire/record";
import type { ConsoleContext } from "../context.ts";

export type ExportFormat = "csv" | "ndjson";

/** Yields the outcome of every record, or of those with one outcome, in order, as the API lists it in NDJSON and `pnpm admin action export` writes CSV. A few chunks are in memory. */
export async function* writeRecords(
  { accountId, id, actionType }: Pick<BulkAction, "accountId" | "id" | "actionType">,
  outcome: RecordOutcome | undefined,
  format: ExportFormat,
  { database, api: { registry } }: ConsoleContext,
): AsyncGenerator<string> {
  const effect = effectWord(registry, actionType);
  if (format === "csv") yield CSV_HEADER;
  for await (const records of walkRecords(database, accountId, id, {
    outcomes: outcome && [outcome],
    from: 0,
  })) {
    yield format === "csv"
      ? records.map((record) => csvLine(record, effect)).join("")
      : records.map((record) => `${JSON.stringify(presentRecord(record, actionType, registry))}\n`).join("");
  }
}
