import { type Action, composeAction } from "@bulk/actions/action";
import { compileRecords } from "@bulk/records/compile/compile-records";
import type { RecordsFault } from "@bulk/records/declaration/describe-issues";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { composeFastStatement } from "@bulk/store/chunks/apply-chunk";
import type { Queryable } from "@bulk/store/database";
import { type Sql, sql } from "@bulk/store/sql";
import { explainFault } from "./explain-fault.ts";

/** Finds actions whose whole statement PostgreSQL does not understand, such as columns that cannot be compared. */
export async function findStatementFaults(
  database: Queryable,
  {
    place,
    name,
    record,
  }: { readonly place: string; readonly name: string; readonly record: RecordDeclaration },
): Promise<readonly RecordsFault[]> {
  const faults: RecordsFault[] = [];
  for (const action of compileRecords({ records: { [name]: record } })) {
    const reason = await explainFault(async () => {
      const statement = composeStatement(await composeAction(action, database));
      await database.$queryRaw(sql`EXPLAIN ${statement}`);
    });
    if (reason === undefined) continue;
    const message = `the statement does not fit the tables: ${reason}; compare the types of the columns that "on" pairs`;
    faults.push({ place: `${place}.actions.${action.type}`, message });
  }
  return faults;
}

/** Composes the statement that a worker executes for a chunk of an action, with examples in place of its parameters. */
export function composeStatement(action: Action): Sql {
  const source = {
    bulkActionId: "00000000-0000-0000-0000-000000000000",
    actionType: action.type,
    generation: 1,
    guard: { tableIds: [], fingerprint: "" },
  };
  return composeFastStatement(source, action);
}
