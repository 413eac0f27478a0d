import type { Database } from "@bulk/store/database";
import { type BloatedTable, findBloatedTables } from "@bulk/store/inspection/work-at-rest";
import { type Observation, ok, warning } from "./finding.ts";
import { DELETABLE_TABLES } from "./needed-rights.ts";

/** Whether autovacuum keeps up with what is deleted. */
export async function checkDeadRows(database: Database): Promise<readonly Observation[]> {
  const tables = [...DELETABLE_TABLES, "bulk_actions", "bulk_action_chunks", "webhook_deliveries"];
  const bloated = await findBloatedTables(database, tables);
  return bloated.length > 0 ? bloated.map(describe) : [ok("Autovacuum keeps up with what is deleted.")];
}

function describe({ name, deadRows, liveRows }: BloatedTable): Observation {
  return warning(
    `${name} has ${deadRows} dead rows beside ${liveRows} live ones: queries read them all.`,
    `VACUUM (ANALYZE) ${name};\nIf it comes again: ALTER TABLE ${name} SET (autovacuum_vacuum_scale_factor = 0.02);`,
  );
}
