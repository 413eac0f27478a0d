import type { RecordsFault } from "./describe-issues.ts";
import { findActionFaults } from "./find-action-faults.ts";
import { findRelatedFaults } from "./find-related-faults.ts";
import type { RecordsFile } from "./records-file.ts";
import { isRestorable, nameRestoration } from "./restorable.ts";

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
  const listed = Object.entries(records).flatMap(([name, { actions }]) =>
    Object.entries(actions).map(([type, action]) => ({ name, type, action })),
  );
  for (const { name, type } of listed) {
    const owner = owners.get(type);
    if (owner === undefined) owners.set(type, name);
    else faults.push({ place: `records.${name}.actions.${type}`, message: repeated(type, owner) });
  }
  for (const { name, type, action } of listed.filter((one) => isRestorable(one.action))) {
    const restoration = nameRestoration(type, action);
    const owner = owners.get(restoration);
    if (owner === undefined) owners.set(restoration, name);
    else
      faults.push({
        place: `records.${name}.actions.${type}.restored_by`,
        message: taken(restoration, owner),
      });
  }
  return faults;
}

function repeated(type: string, owner: string): string {
  return `${owner} has an action ${type} as well; rename one of them, an action type is unique in the file`;
}

function taken(type: string, owner: string): string {
  return `${owner} has an action ${type} as well, or one that ${type} takes back; choose another name for what takes this one back`;
}
