import { writeQueueGrants } from "@bulk/queue/engines/write-queue-grants";
import { compileRecords } from "@bulk/records/compile/compile-records";
import { parseRecords } from "@bulk/records/declaration/load-records";
import { writeGrants } from "@bulk/store/rights/grant-script";
import { mergeRights, SERVICE_RIGHTS, type TableRights } from "@bulk/store/rights/needed-rights";

/** Says something to a database as its superuser. */
export type Say = (sql: string) => Promise<unknown>;

/** The role that API and workers have on a stranger's database. */
export const SERVICE_ROLE = "bulk_service";

const PASSWORD = "bulk-s3cret";

/** Creates the role, unless the server has it, with its rights on the tables of the service and of the queue. */
export async function createServiceRole(say: Say): Promise<void> {
  await say(`DO $$ BEGIN
    IF to_regrole('${SERVICE_ROLE}') IS NULL THEN
      CREATE ROLE ${SERVICE_ROLE} LOGIN PASSWORD '${PASSWORD}';
    END IF;
  END $$`);
  await grant(say, SERVICE_RIGHTS);
  for (const statement of writeQueueGrants(SERVICE_ROLE)) await say(statement);
}

/** Gives the role what `pnpm admin grants` prints for the host's tables of a declaration; nothing if there is no role. */
export async function grantDeclared(say: Say, declaration: object): Promise<void> {
  const actions = compileRecords(parseRecords("the declaration", JSON.stringify(declaration)));
  await grant(say, mergeRights(...actions.map((action) => action.rights)));
}

async function grant(say: Say, rights: TableRights): Promise<void> {
  await say(`DO $grants$ BEGIN
    IF to_regrole('${SERVICE_ROLE}') IS NOT NULL THEN
      ${writeGrants({ role: SERVICE_ROLE, rights }).join("\n")}
    END IF;
  END $grants$`);
}

/** The same database, as API and workers connect to it. */
export function asServiceRole(url: string): string {
  const parsed = new URL(url);
  parsed.username = SERVICE_ROLE;
  parsed.password = PASSWORD;
  return parsed.href;
}
