import type { MigrationConnection } from "@bulk/store/migration/migration-connection";
import { readMigrationState } from "@bulk/store/migration/migration-state";
import { fault, type Observation, ok } from "./finding.ts";

/** Whether the database has had this version's migrations, all of them and as they are on disk. */
export async function checkMigrations(connection: MigrationConnection): Promise<readonly Observation[]> {
  const { applied, pending, fault: refusal } = await readMigrationState(connection);
  if (refusal !== undefined) return [fault(refusal.found, refusal.cure)];
  if (pending.length > 0) return [fault(`Not applied: ${pending.join(", ")}.`, "pnpm migrate")];
  return [ok(`All ${applied.length} are applied, as they are on disk.`)];
}
