import { SERVICE_SCHEMA } from "@bulk/postgres/service-schema";
import type { MigrationConnection } from "./migration-connection.ts";
import type { Diagnosis } from "./migration-error.ts";

/**
 * Returns why the user of this connection may not migrate, and the statement that lets it; `undefined` if it may. Changes
 * nothing.
 */
export async function findMissingRight(connection: MigrationConnection): Promise<Diagnosis | undefined> {
  const { rows } = await connection.query<Rights>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS "mayCreate", schema.oid IS NOT NULL AS "hasSchema",
       has_schema_privilege(schema.oid, 'USAGE') AND has_schema_privilege(schema.oid, 'CREATE') AS "mayUse"
     FROM (VALUES ('${SERVICE_SCHEMA}')) AS wanted (name) LEFT JOIN pg_namespace AS schema ON nspname = name`,
  );
  const [rights] = rows;
  if (rights === undefined || rights.mayUse === true || (!rights.hasSchema && rights.mayCreate))
    return undefined;
  const role = connection.escapeIdentifier(connection.user ?? "");
  if (rights.hasSchema) {
    return {
      found: `${role} may not create tables in the schema ${SERVICE_SCHEMA}.`,
      cure: `As its owner or a superuser: ALTER SCHEMA ${SERVICE_SCHEMA} OWNER TO ${role};`,
    };
  }
  const database = connection.escapeIdentifier(connection.database ?? "");
  return {
    found: `${role} may not create the schema ${SERVICE_SCHEMA} in the database ${database}.`,
    cure:
      `As the database's owner or a superuser: GRANT CREATE ON DATABASE ${database} TO ${role};\n` +
      `With the queue on Redis, this is enough: CREATE SCHEMA ${SERVICE_SCHEMA} AUTHORIZATION ${role};`,
  };
}

type Rights = {
  readonly mayCreate: boolean;
  readonly hasSchema: boolean;
  readonly mayUse: boolean | null;
};
