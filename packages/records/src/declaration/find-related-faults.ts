import type { RecordsFault } from "./describe-issues.ts";
import type { RecordDeclaration } from "./records-file.ts";
import { RESERVED_NAMES } from "./reserved-names.ts";

/** Finds related rows whose name or parent cannot be used, and filters by unknown ones. `place` is the path of the record. */
export function findRelatedFaults(place: string, record: RecordDeclaration): readonly RecordsFault[] {
  const faults: RecordsFault[] = [];
  if (RESERVED_NAMES.has(record.table)) {
    const message = `a table named ${record.table} cannot be served: the name stands for something else in statements`;
    faults.push({ place: `${place}.table`, message });
  }
  for (const [name, { of }] of Object.entries(record.related ?? {})) {
    const at = `${place}.related.${name}`;
    if (RESERVED_NAMES.has(name) || name === record.table) {
      faults.push({ place: at, message: `the name ${name} is taken; give the related rows another one` });
    }
    if (of === undefined || of === "record") continue;
    if (record.related?.[of] === undefined) {
      faults.push({ place: `${at}.of`, message: unknownRelated(record, of) });
    } else if (isInCycle(record, name)) {
      faults.push({
        place: `${at}.of`,
        message: `${name} is related to itself through "of"; end it at the record`,
      });
    }
  }
  for (const [name, field] of Object.entries(record.filters ?? {})) {
    if (!("related" in field) || record.related?.[field.related] !== undefined) continue;
    faults.push({
      place: `${place}.filters.${name}.related`,
      message: unknownRelated(record, field.related),
    });
  }
  return faults;
}

/** Says that a record has no related rows of this name. */
export function unknownRelated({ related = {} }: RecordDeclaration, name: string): string {
  const names = Object.keys(related);
  const known = names.length === 0 ? "none is declared" : `declared are ${names.join(", ")}`;
  return `there are no related rows ${JSON.stringify(name)}; ${known}`;
}

function isInCycle({ related = {} }: RecordDeclaration, name: string): boolean {
  const seen = new Set<string>();
  let current = related[name]?.of;
  while (current !== undefined && current !== "record" && !seen.has(current)) {
    if (current === name) return true;
    seen.add(current);
    current = related[current]?.of;
  }
  return false;
}
