import type { RecordsFault } from "@bulk/records/declaration/describe-issues";
import type { RecordDeclaration, RecordsFile } from "@bulk/records/declaration/records-file";
import type { Queryable } from "@bulk/store/database";
import { findExpressionFaults } from "./find-expression-faults.ts";
import { findFilterFaults } from "./find-filter-faults.ts";
import { findNameFaults } from "./find-name-faults.ts";
import { findStatementFaults } from "./find-statement-faults.ts";
import { findTableFaults } from "./find-table-faults.ts";
import { type LookUp, openLookUp } from "./look-up.ts";

/**
 * Compares the declarations of a file with the catalogs of the database. Returns everything that keeps an action from being
 * carried out, each with its place and its cure: unknown tables and columns, wrong types, keys that do not name one record,
 * SQL that does not parse, cascades to orders, filters without an index. Does not compare `expects`.
 */
export async function findFileFaults(
  database: Queryable,
  { records }: RecordsFile,
): Promise<readonly RecordsFault[]> {
  const lookUp = openLookUp(database);
  const faults: RecordsFault[] = [];
  for (const [name, record] of Object.entries(records)) {
    faults.push(...(await findRecordFaults(database, lookUp, { place: `records.${name}`, name, record })));
  }
  return faults;
}

async function findRecordFaults(
  database: Queryable,
  lookUp: LookUp,
  declared: { readonly place: string; readonly name: string; readonly record: RecordDeclaration },
): Promise<readonly RecordsFault[]> {
  const { place, record } = declared;
  const named = await findNameFaults(lookUp, place, record);
  // What is named wrongly has no meaning that could be examined further.
  if (named.length > 0) return named;
  const faults = [
    ...(await findTableFaults(lookUp, place, record)),
    ...(await findFilterFaults(lookUp, place, record)),
    ...(await findExpressionFaults(database, place, record)),
  ];
  return faults.length > 0 ? faults : await findStatementFaults(database, declared);
}
