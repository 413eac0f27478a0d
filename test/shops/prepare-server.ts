import { createServiceRole } from "../support/service-role.ts";
import { withClient } from "./with-client.ts";

/** Creates the service's role, with its rights on the service's own tables, in a migrated database. */
export async function prepareServer(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, (client) => createServiceRole((sql) => client.query(sql)));
}
