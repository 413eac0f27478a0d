import { createHash } from "node:crypto";
import { openPool } from "@bulk/postgres/connect";
import { readSchema } from "@bulk/postgres/connection-url";
import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import { PrismaClient } from "./generated/client.ts";

export type DatabaseOptions = {
  /** PostgreSQL connection URL. */
  readonly url: string;
  /** Seen in pg_stat_activity: which process a connection belongs to. */
  readonly applicationName: string;
  readonly poolSize: number;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Hears of a connection that broke, in use or not. */
  readonly onConnectionLost?: () => void;
};

/** The one way to PostgreSQL: Prisma's client over a pool of node-postgres connections. */
export type Database = PrismaClient;

/** Either the database or a transaction in it. */
export type Queryable = Pick<Database, "$queryRaw" | "$executeRaw">;

/**
 * Opens a pool; connects on first use. End it with `$disconnect()`.
 *
 * No statement waits for ever: locks, statements and idle transactions are bounded by PostgreSQL itself,
 * so a stuck process cannot hold a shop's rows.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool({
    url: options.url,
    applicationName: options.applicationName,
    size: options.poolSize,
    timeouts: { lockMs: options.lockTimeoutMs, statementMs: options.statementTimeoutMs },
    // For a connection that went silent (a failover, dropped packets): the server's own limit comes first.
    queryTimeoutMs: options.statementTimeoutMs + 2_000,
  });
  // A connection that is lost in anybody's hands would otherwise end the process; whoever uses it hears of
  // it from their own query.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", options.onConnectionLost ?? ignore));
  const adapter = new PrismaPg(pool, {
    disposeExternalPool: true,
    schema: readSchema(options.url),
    statementNameGenerator: createStatementNames(),
  });
  const database = new PrismaClient({ adapter });
  pools.set(database, pool);
  return database;
}

/** How a pool's connections are used at this moment. */
export type PoolUsage = {
  readonly busy: number;
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  /** The most connections there may be. */
  readonly size: number;
};

/** How the connections of a database opened here are used. */
export function readPoolUsage(database: Database): PoolUsage {
  const pool = pools.get(database);
  if (pool === undefined) throw new Error("This database was not opened by openDatabase.");
  const { totalCount, idleCount, waitingCount, options } = pool;
  return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount, size: options.max };
}

// Prisma's client does not tell of its connections.
const pools = new WeakMap<Database, pg.Pool>();

/** More than we have; of those that are put together from parts nobody knows the number. */
const MOST_PREPARED = 200;

// A named statement is parsed and planned once on each connection: a fifth of a chunk's time. Without a name
// (the empty one) it is planned each time.
function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= MOST_PREPARED) return "";
    // From the text: behind a pooler connections are shared, and a name must never mean two statements.
    const name = `bulk_${createHash("sha256").update(sql).digest("hex").slice(0, 32)}`;
    names.set(sql, name);
    return name;
  };
}

function ignore(): void {}
