import type { Database } from "@bulk/store/database";
import { findMissingSchema } from "@bulk/store/migration/find-missing-schema";
import { fault, type Observation, ok } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the database has every table, column, index and foreign key that schema.prisma has. */
export async function checkDrift(
  _database: Database,
  { databaseUrl }: Subject,
): Promise<readonly Observation[]> {
  const missing = await findMissingSchema(databaseUrl);
  if (missing.length === 0)
    return [ok("Every table, column, index and foreign key of this version is there.")];
  return [
    fault(
      `Somebody has changed the schema by hand: ${missing.length} of its parts are missing or otherwise.`,
      `Read, and give the database what it lacks:\n${missing.join("\n")}`,
    ),
  ];
}
