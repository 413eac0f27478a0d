import type { Action } from "@bulk/actions/action";
import type { Registry } from "@bulk/actions/registry";
import { changesOf, type TableChange } from "@bulk/store/chunks/chunk-effect";
import type { Database } from "@bulk/store/database";
import {
  findClosedFunctions,
  findClosedSchemas,
  findHiddenTables,
  findMissingRights,
  findVeiledTables,
  type NeededRight,
  readUser,
} from "@bulk/store/inspection/table-rights";
import { lookAround } from "@bulk/store/operations/brake-look";
import {
  mergeRights,
  SERVICE_FUNCTIONS,
  SERVICE_RIGHTS,
  type TableRights,
} from "@bulk/store/rights/needed-rights";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the user of DATABASE_URL has every right that API and workers need, and sees every row. */
export async function checkRights(
  database: Database,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const needed = listRights(surveyActions(configuration.registry).rights);
  const user = await readUser(database);
  const tables = [...new Set(needed.map(({ table }) => table))];
  const closed = await findClosedSchemas(database, tables);
  if (closed.length > 0) return closed.map((schema) => describeClosed(schema, user.name));
  const hidden = await findHiddenTables(database, tables);
  if (hidden.length > 0) return [describeHidden(hidden, user.name)];
  const missing = await findMissingRights(database, needed);
  const observations = [
    ...missing.map((right) => describeMissing(right, user.name)),
    ...(await findClosedFunctions(database, SERVICE_FUNCTIONS)).map((name) =>
      describeClosedFunction(name, user.name),
    ),
    ...(await findVeiledTables(database, tables)).map((table) => describeVeiled(table, user.name)),
  ];
  if (observations.length > 0) return observations;
  const role = user.isSuperuser ? `${user.name}, a superuser,` : user.name;
  return [
    ok(`${role} has every right that API and workers need.`),
    ...(await findHiddenSessions(database, user.name)),
  ];
}

async function findHiddenSessions(database: Database, user: string): Promise<readonly Observation[]> {
  const { hiddenCount } = await lookAround(database, 0, []);
  if (hiddenCount === 0) return [];
  return [
    warning(
      `The activity of other users' sessions is hidden from ${user}. They count as active, so chunks are slow while one is ` +
        "connected, unless PROTECT=off.",
      `GRANT pg_read_all_stats TO ${user};`,
    ),
  ];
}

function describeMissing({ table, privilege }: NeededRight, user: string): Observation {
  return fault(`${user} may not ${privilege} on ${table}.`, `GRANT ${privilege} ON ${table} TO ${user};`);
}

function describeClosedFunction(name: string, user: string): Observation {
  return fault(`${user} may not call ${name}.`, `GRANT EXECUTE ON FUNCTION ${name} TO ${user};`);
}

function describeVeiled(table: string, user: string): Observation {
  return fault(
    `Row security hides rows of ${table} from ${user}. A record hidden from DELETE alone is skipped as record.kept, one ` +
      "hidden from SELECT as record.not_found.",
    `ALTER ROLE ${user} BYPASSRLS;`,
  );
}

function describeClosed(schema: string, user: string): Observation {
  return fault(
    `${user} may not use the schema ${schema}, so it sees none of its tables.`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${user};\nThen pnpm admin grants --role ${user} prints the rights on its tables.`,
  );
}

function describeHidden(tables: readonly string[], user: string): Observation {
  return fault(
    `There is no ${tables.join(", ")} that ${user} sees.`,
    "Tables of the schema bulk: pnpm migrate. Other tables: correct the declaration of the records, or take the action " +
      "away. For the tables of the sample shop: pnpm seed.",
  );
}

/** What the actions of an installation do to tables. */
export type Survey = {
  readonly actions: readonly Action[];
  /** Those that delete records. */
  readonly deleting: readonly Action[];
  /** The tables of which the actions change rows, and those of which they delete some. */
  readonly changedTables: readonly string[];
  readonly deletedTables: readonly string[];
  /** The rights of API and workers; operators' commands, `pnpm migrate` and `pnpm seed` need more. */
  readonly rights: TableRights;
};

/** Collects what the actions of a registry do to tables. */
export function surveyActions(registry: Registry): Survey {
  const actions = [...registry.values()];
  const changes = actions.flatMap(changesOf);
  return {
    actions,
    deleting: actions.filter(({ change }) => change.kind === "delete"),
    changedTables: listTables(changes),
    deletedTables: listTables(changes.filter(({ change }) => change.kind === "delete")),
    rights: mergeRights(SERVICE_RIGHTS, ...actions.map(({ rights }) => rights)),
  };
}

function listTables(changes: readonly TableChange[]): readonly string[] {
  return [...new Set(changes.map(({ table }) => table.sql))].sort();
}

function listRights(rights: TableRights): readonly NeededRight[] {
  return Object.entries(rights).flatMap(([table, privileges]) =>
    privileges.map((privilege) => ({ table, privilege })),
  );
}
