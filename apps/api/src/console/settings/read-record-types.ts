import { compareCatalogs } from "@bulk/catalog/expected/compare-catalogs";
import { explainDifferences } from "@bulk/catalog/expected/explain-differences";
import { listExpectations } from "@bulk/catalog/expected/list-expectations";
import { describeSize, describeTable, type TableSection } from "@bulk/catalog/plan/describe-plan";
import { findTables } from "@bulk/catalog/reading/find-tables";
import { readTable } from "@bulk/catalog/reading/read-table";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { tableOf } from "@bulk/records/declaration/tables";
import { openRecords } from "@bulk/records/open-records";
import { cacheFor } from "@bulk/service/timing/cache-for";
import type { Database } from "@bulk/store/database";
import type { ConsoleContext } from "../context.ts";
import { describeRecord } from "./describe-record.ts";

/** The kinds of records, as declared and as the database has them now. */
export type RecordTypes = Awaited<ReturnType<typeof readRecordTypes>>;

/** Catalogs change seldom, and reading them takes some tens of milliseconds. */
const KEPT_MS = 10_000;

/** Opens a reader for all pages of this process. For operators only: it names tables and columns of the host. */
export function openRecordTypes(context: ConsoleContext): () => Promise<RecordTypes> {
  // Read as the process has read it when it started.
  const { path, declaration } = openRecords(context.config.RECORDS);
  return cacheFor(KEPT_MS, () => readRecordTypes(context, path, declaration));
}

type Declaration = ReturnType<typeof openRecords>["declaration"];

async function readRecordTypes(context: ConsoleContext, path: string, declaration: Declaration) {
  const { database } = context;
  const comparisons = await compareCatalogs(database, listExpectations(declaration));
  const records = [];
  // One after the other: the console has few connections.
  for (const [name, record] of Object.entries(declaration.records)) {
    records.push({ ...describeRecord(name, record, context), found: await describeFound(database, record) });
  }
  return {
    path,
    records,
    differences: explainDifferences(declaration, comparisons),
  };
}

/** What the database has: the same words as those of `pnpm admin records plan`. */
type Found = { readonly size: string; readonly sections: readonly TableSection[] };

async function describeFound(database: Database, record: RecordDeclaration): Promise<Found | undefined> {
  const { schema, table } = tableOf(record, "record") ?? {};
  const [found] = table === undefined ? [] : await findTables(database, { schema, name: table });
  if (found === undefined) return undefined;
  const model = await readTable(database, found);
  return { size: describeSize(model), sections: describeTable(model, record) };
}
