import { readServerFacts, type ServerFacts } from "@bulk/store/inspection/server-facts";
import {
  type MigrationConnection,
  openMigrationConnection,
} from "@bulk/store/migration/migration-connection";
import { MigrationError } from "@bulk/store/migration/migration-error";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Opened } from "./opened.ts";

/** Connects to PostgreSQL itself, and says what is there. */
export async function openConnection(databaseUrl: string): Promise<Opened<MigrationConnection>> {
  try {
    const connection = await openMigrationConnection(databaseUrl);
    return { thing: connection, observations: judge(await readServerFacts(connection)) };
  } catch (error) {
    if (!(error instanceof MigrationError) || error.diagnosis === undefined) throw error;
    return { thing: undefined, observations: [fault(error.diagnosis.found, error.diagnosis.cure)] };
  }
}

/** Below it BullMQ refuses to work, and ids cannot be made. */
const LEAST_VERSION = 13;

/** The oldest that the tests run on. */
const LEAST_TESTED_VERSION = 15;

function judge({ version, majorVersion, isStandby }: ServerFacts): readonly Observation[] {
  if (isStandby) {
    const found = `PostgreSQL ${version} answers, but is a standby: nothing can be written.`;
    return [fault(found, "Let DATABASE_URL lead to its primary.")];
  }
  if (majorVersion < LEAST_VERSION) {
    return [fault(`PostgreSQL ${version} is older than ${LEAST_VERSION}.`, "Upgrade PostgreSQL.")];
  }
  if (majorVersion < LEAST_TESTED_VERSION) {
    const found = `PostgreSQL ${version} answers, but is older than ${LEAST_TESTED_VERSION}, the oldest that is tested.`;
    return [warning(found, "Upgrade PostgreSQL.")];
  }
  return [ok(`PostgreSQL ${version} answers.`)];
}
