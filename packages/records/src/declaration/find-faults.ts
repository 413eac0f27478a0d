import type { RecordsFault } from "./describe-issues.ts";
import { findActionFaults } from "./find-action-faults.ts";
import { findRelatedFaults } from "./find-related-faults.ts";
import type { RecordsFile } from "./records-file.ts";

/** Finds everything that a well-formed declaration shows to be wrong by itself, without a database. */
export function findFaults({ records }: RecordsFile): readonly RecordsFault[] {
  return [
    ...findRepeatedTypes({ records }),
    ...Object.entries(records).flatMap(([name, record]) => [
      ...findRelatedFaults(`records.${name}`, record),
      ...Object.entries(record.actions).flatMap(([type, action]) =>
        findActionFaults(`records.${name}.actions.${type}`, record, action),
      ),
    ]),
  ];
}

function findRepeatedTypes({ records }: RecordsFile): readonly RecordsFault[] {
  const owners = new Map<string, string>();
  const faults: RecordsFault[] = [];
  for (const [name, { actions }] of Object.entries(records)) {
    for (const type of Object.keys(actions)) {
      const owner = owners.get(type);
      if (owner === undefined) owners.set(type, name);
      else faults.push({ place: `records.${name}.actions.${type}`, message: repeated(type, owner) });
    }
  }
  return faults;
}

function repeated(type: string, owner: string): string {
  return `${owner} has an action ${type} as well; rename one of them, an action type is unique in the file`;
}
