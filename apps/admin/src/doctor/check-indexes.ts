import type { Database } from "@bulk/store/database";
import {
  findInvalidIndexes,
  findUnindexedKeys,
  type InvalidIndex,
  type UnindexedKey,
} from "@bulk/store/inspection/unindexed-keys";
import { fault, type Observation, ok } from "./finding.ts";
import { DELETABLE_TABLES } from "./needed-rights.ts";

/** Whether deleting is quick: an index on each foreign key that leads to records, and none that is broken. */
export async function checkIndexes(database: Database): Promise<readonly Observation[]> {
  const observations = [
    ...(await findUnindexedKeys(database, DELETABLE_TABLES)).map(describeKey),
    ...(await findInvalidIndexes(database)).map(describeInvalid),
  ];
  if (observations.length > 0) return observations;
  return [
    ok(`Every foreign key that leads to ${DELETABLE_TABLES.join(" or ")} has an index, and none is broken.`),
  ];
}

function describeKey({ table, columns, references, isPartitioned }: UnindexedKey): Observation {
  const concurrently = isPartitioned ? "" : "CONCURRENTLY ";
  return fault(
    `${table} (${columns.join(", ")}) leads to ${references} without an index: all of ${table} is read for each ` +
      "record that is deleted.",
    `CREATE INDEX ${concurrently}ON ${table} (${columns.join(", ")});`,
  );
}

function describeInvalid({ name, table }: InvalidIndex): Observation {
  // What REINDEX CONCURRENTLY leaves when it fails: https://www.postgresql.org/docs/current/sql-reindex.html
  const isLeftOver = /_cc(new|old)\d*"?$/.test(name);
  return fault(
    `The index ${name} of ${table} is invalid: it was not built to its end, costs writes and is not used.`,
    isLeftOver
      ? `DROP INDEX CONCURRENTLY ${name};`
      : `REINDEX INDEX CONCURRENTLY ${name};\nor, if nobody needs it: DROP INDEX CONCURRENTLY ${name};`,
  );
}
