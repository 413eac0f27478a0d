import type { RedisEngine } from "@bulk/queue/connection";
import type { RedisProbe } from "@bulk/queue/redis-probe";
import type { Database } from "@bulk/store/database";
import type { MigrationConnection } from "@bulk/store/migration/migration-connection";
import { type Observation, skipped } from "./finding.ts";
import type { Configuration } from "./read-configuration.ts";

/** What there is to look at; what could not be opened is `undefined`. */
export type Subject = {
  readonly configuration: Configuration;
  readonly databaseUrl: string;
  /** Whether the variables put the queue on Redis, usable or not. */
  readonly wantsRedis: boolean;
  readonly redisEngine: RedisEngine | undefined;
  /** A session that asks for nothing, as `pnpm migrate` has it. */
  readonly connection: MigrationConnection | undefined;
  /** Sessions as a worker has them. */
  readonly database: Database | undefined;
  /** Whether every migration of this version has been applied. */
  readonly isMigrated: boolean;
  readonly redis: RedisProbe | undefined;
  /** This machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
};

/** One thing to look at. Throws when it cannot. */
export type Check = {
  /** As it is printed; stable, for whoever reads the JSON. */
  readonly name: string;
  examine(subject: Subject): Promise<readonly Observation[]>;
};

/** A check that needs the database alone. */
export function onConnection(
  name: string,
  examine: (connection: MigrationConnection, subject: Subject) => Promise<readonly Observation[]>,
): Check {
  return {
    name,
    async examine(subject) {
      if (subject.connection === undefined) return [skipped("The database cannot be reached.")];
      return await examine(subject.connection, subject);
    },
  };
}

/** A check that needs the tables of this version. */
export function onTables(
  name: string,
  examine: (database: Database, subject: Subject) => Promise<readonly Observation[]>,
): Check {
  return {
    name,
    async examine(subject) {
      if (subject.database === undefined) return [skipped("The services cannot connect to the database.")];
      if (!subject.isMigrated) return [skipped("Tables may be missing: pnpm migrate comes first.")];
      return await examine(subject.database, subject);
    },
  };
}
