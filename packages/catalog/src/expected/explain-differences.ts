import type { RecordsFile } from "@bulk/records/declaration/records-file";
import type { Comparison } from "./compare-catalogs.ts";

/** Why no worker begins a chunk of an action, and what ends that. */
export type ExplainedDifference = {
  readonly actionType: string;
  /** The path in the file. */
  readonly place: string;
  readonly found: string;
  readonly cure: string;
};

/** Says of each line that differs from what the declarations of a file expect how to end the difference. */
export function explainDifferences(
  file: RecordsFile,
  comparisons: readonly Comparison[],
): readonly ExplainedDifference[] {
  return comparisons.flatMap(({ actionType, difference }) => {
    const place = placeOf(file, actionType);
    return [
      ...(difference?.unexpected ?? []).map((line) => ({ actionType, place, ...explainUnexpected(line) })),
      ...(difference?.missing ?? []).map((line) => ({ actionType, place, ...explainMissing(line) })),
    ];
  });
}

function explainUnexpected(line: string) {
  return {
    found: `The database has what is not declared: ${line}`,
    cure: `If deletions may go on with it: add ${JSON.stringify(line)} to "expects", and restart the services. If not: drop it.`,
  };
}

function explainMissing(line: string) {
  return {
    found: `The database lacks what is declared: ${line}`,
    cure: `If deletions may go on without it: remove ${JSON.stringify(line)} from "expects", and restart the services. If not: create it again.`,
  };
}

function placeOf({ records }: RecordsFile, actionType: string): string {
  const owner = Object.entries(records).find(([, { actions }]) => Object.hasOwn(actions, actionType));
  return `records.${owner?.[0]}.actions.${actionType}.expects`;
}
