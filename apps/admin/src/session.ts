import { readLocalConfig } from "@bulk/local/config";
import { type Engines, joinEngines } from "@bulk/local/stack/engines";
import { type Database, openDatabase } from "@bulk/store/database";

/** The database and the engines of one command. */
export type Session = {
  readonly database: Database;
  readonly engines: Engines;
};

/** Opens the database for one command, also while `pnpm start` is running, and closes it in any case. */
export async function withSession<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
  const engines = await joinEngines(readLocalConfig(process.env));
  const database = openDatabase({
    url: engines.databaseUrl,
    applicationName: "bulk-actions-admin",
    poolSize: 2,
    lockTimeoutMs: 5_000,
    statementTimeoutMs: 60_000,
  });
  try {
    return await work({ database, engines });
  } finally {
    await database.$disconnect();
    await engines.close();
  }
}
