import type { Database } from "@bulk/store/database";
import { findUnseenTables } from "@bulk/store/inspection/table-rights";
import { findMissingSchema } from "@bulk/store/migration/find-missing-schema";
import { fault, type Observation, ok } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the database has every table, column, index and foreign key that schema.prisma has. */
export async function checkDrift(
  database: Database,
  { databaseUrl }: Subject,
): Promise<readonly Observation[]> {
  const unseen = await findUnseenTables(database);
  const missing = (await findMissingSchema(databaseUrl)).filter((statement) => !isAbout(statement, unseen));
  if (missing.length === 0) return [describeSoundness(unseen)];
  return [
    fault(
      `Somebody has changed the schema by hand: ${missing.length} of its parts are missing or otherwise.`,
      `Read, and give the database what it lacks:\n${missing.join("\n")}`,
    ),
  ];
}

// Who has no right on a table is not told of its columns, so it would look as if it were missing.
function isAbout(statement: string, tables: readonly string[]): boolean {
  return tables.some((table) => statement.includes(`"${table}"`));
}

function describeSoundness(unseen: readonly string[]): Observation {
  if (unseen.length === 0) return ok("Every table, column, index and foreign key of this version is there.");
  return ok(
    "Every table, column, index and foreign key of this version that this user may know of is there " +
      `(it has no right on ${unseen.join(", ")}).`,
  );
}
