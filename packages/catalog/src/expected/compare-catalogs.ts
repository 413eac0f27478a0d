import type { Queryable } from "@bulk/store/database";
import { compareLines, type Difference } from "./compare-lines.ts";
import type { Expectation } from "./list-expectations.ts";
import { type Catalog, readCatalogs } from "./read-catalogs.ts";

/** What the catalogs hold for an action type, beside what its declaration expects. */
export type Comparison = Pick<Catalog, "tableIds" | "fingerprint"> & {
  readonly actionType: string;
  /** `undefined`: they agree. */
  readonly difference: Difference | undefined;
};

/** Reads the catalogs for all expectations with one query, and compares each. */
export async function compareCatalogs(
  database: Queryable,
  expectations: readonly Expectation[],
): Promise<readonly Comparison[]> {
  const catalogs = await readCatalogs(
    database,
    expectations.flatMap(({ changes }) => changes),
  );
  return expectations.map(({ actionType, lines }) => {
    // Without any of its tables: everything that was expected is missing.
    const found = catalogs.get(actionType) ?? { lines: [], tableIds: [], fingerprint: "" };
    const { tableIds, fingerprint } = found;
    return { actionType, tableIds, fingerprint, difference: compareLines(lines, found.lines) };
  });
}
