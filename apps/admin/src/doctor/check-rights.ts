import type { Database } from "@bulk/store/database";
import {
  findHiddenTables,
  findMissingRights,
  findVeiledTables,
  readUser,
} from "@bulk/store/inspection/table-rights";
import { fault, type Observation, ok } from "./finding.ts";
import { NEEDED_RIGHTS } from "./needed-rights.ts";

/** Whether the user of DATABASE_URL may do, and sees, all that API and workers need. */
export async function checkRights(database: Database): Promise<readonly Observation[]> {
  const user = await readUser(database);
  const tables = [...new Set(NEEDED_RIGHTS.map(({ table }) => table))];
  const hidden = await findHiddenTables(database, tables);
  if (hidden.length > 0) return [describeHidden(hidden, user.name)];
  const missing = await findMissingRights(database, NEEDED_RIGHTS);
  const observations = [
    ...missing.map(({ table, privilege }) =>
      fault(
        `${user.name} may not ${privilege} on ${table}.`,
        `GRANT ${privilege} ON ${table} TO ${user.name};`,
      ),
    ),
    ...(await findVeiledTables(database, tables)).map((table) =>
      fault(
        `Row security hides rows of ${table} from ${user.name}. A record that it hides from DELETE alone is skipped as ` +
          "record.kept, one that it hides from SELECT as record.not_found.",
        `ALTER ROLE ${user.name} BYPASSRLS;`,
      ),
    ),
  ];
  if (observations.length > 0) return observations;
  return [
    ok(`${user.name}${user.isSuperuser ? ", a superuser," : ""} may do all that API and workers need.`),
  ];
}

function describeHidden(tables: readonly string[], user: string): Observation {
  return fault(
    `${user} does not see ${tables.join(", ")}: the schema is off its search_path, or closed to it.`,
    `GRANT USAGE ON SCHEMA public TO ${user};\nALTER ROLE ${user} SET search_path = public;`,
  );
}
