import { findFileFaults } from "@bulk/catalog/check/find-file-faults";
import { compareCatalogs } from "@bulk/catalog/expected/compare-catalogs";
import { explainDifferences } from "@bulk/catalog/expected/explain-differences";
import { listExpectations } from "@bulk/catalog/expected/list-expectations";
import type { RecordsFile } from "@bulk/records/declaration/records-file";
import type { Queryable } from "@bulk/store/database";

/** A difference between the declarations and the database. */
export type RecordsDifference = {
  /** `fault`: the action cannot be carried out; `held`: no worker begins a chunk of it; `unguarded`: nothing is expected. */
  readonly kind: "fault" | "held" | "unguarded";
  /** The path in the file. */
  readonly place: string;
  readonly found: string;
  readonly cure: string;
};

/** Compares a file of records with the database. Returns every difference with its cure. */
export async function checkFile(
  database: Queryable,
  file: RecordsFile,
): Promise<readonly RecordsDifference[]> {
  const faults = await findFileFaults(database, file);
  const comparisons = await compareCatalogs(database, listExpectations(file));
  return [
    ...faults.map(({ place, message }) => ({
      kind: "fault" as const,
      place,
      found: message,
      cure: "Correct the declaration, or the database.",
    })),
    ...explainDifferences(file, comparisons).map(({ place, found, cure }) => ({
      kind: "held" as const,
      place,
      found,
      cure,
    })),
    ...listUnguarded(file),
  ];
}

function listUnguarded({ records }: RecordsFile): readonly RecordsDifference[] {
  return Object.entries(records).flatMap(([name, { actions }]) =>
    Object.entries(actions)
      .filter(([, { expects }]) => expects === undefined)
      .map(([type]) => ({
        kind: "unguarded" as const,
        place: `records.${name}.actions.${type}`,
        found: 'It has no "expects": a foreign key or trigger that is added later does not stop it.',
        cure: "Add the lines that pnpm admin records plan proposes.",
      })),
  );
}
