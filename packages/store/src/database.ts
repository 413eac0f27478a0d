import { createHash } from "node:crypto";
import { openPool } from "@bulk/postgres/connect";
import { SERVICE_SCHEMA } from "@bulk/postgres/service-schema";
import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import { PrismaClient } from "./generated/client.ts";
import { PLANNED_EACH_TIME, type Sql } from "./sql.ts";

export type DatabaseOptions = {
  /** PostgreSQL connection URL. */
  readonly url: string;
  /** The name of the process, shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly poolSize: number;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Called when a connection breaks, in use or idle. */
  readonly onConnectionLost?: () => void;
};

/** Prisma's client over a pool of node-postgres connections. All SQL goes through it. */
export type Database = PrismaClient;

/** The database or a transaction in it. */
export type Queryable = Pick<Database, "$queryRaw" | "$executeRaw">;

/**
 * Opens a pool; connects on first use. End it with `$disconnect()`.
 *
 * PostgreSQL itself limits the time of locks, statements and idle transactions, so a stuck process cannot hold a shop's
 * rows.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool({
    url: options.url,
    applicationName: options.applicationName,
    size: options.poolSize,
    timeouts: { lockMs: options.lockTimeoutMs, statementMs: options.statementTimeoutMs },
    // For a silent connection (a failover, dropped packets). The server's own limit applies first.
    queryTimeoutMs: options.statementTimeoutMs + 2_000,
  });
  // Without a handler a lost connection would end the process. Its user gets the error from its query.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", options.onConnectionLost ?? ignore));
  const statementNameGenerator = createStatementNames();
  const adapter = new PrismaPg(pool, {
    disposeExternalPool: true,
    schema: SERVICE_SCHEMA,
    statementNameGenerator,
  });
  const database = new PrismaClient({ adapter });
  let started: Promise<void> | undefined;
  connections.set(database, {
    pool,
    nameStatement: statementNameGenerator,
    started: () => (started ??= database.$connect()),
  });
  return database;
}

/**
 * Runs one statement by node-postgres on a connection of the pool, without Prisma, which encodes bytes as a JSON string in
 * base64 and back. Throws errors that `sqlstate.ts` reads. In a transaction or a client that is not from `openDatabase`,
 * runs it by Prisma.
 */
export async function queryDirectly<Row extends object>(
  database: Queryable,
  statement: Sql,
): Promise<readonly Row[]> {
  const connection = connections.get(database);
  if (connection === undefined) return await database.$queryRaw<Row[]>(statement);
  await connection.started();
  const { rows } = await connection.pool.query<Row>(nameQuery(statement, connection));
  return rows;
}

/**
 * Runs statements in one transaction, as `queryDirectly` does, and returns the rows of the last one.
 *
 * @param timeoutMs how long the connection waits for each of them, if longer than for others
 */
export async function transactDirectly<Row extends object>(
  database: Database,
  statements: readonly Sql[],
  timeoutMs?: number,
): Promise<readonly Row[]> {
  return await inTransaction(
    database,
    async (query) => {
      let rows: readonly Row[] = [];
      for (const statement of statements) rows = await query<Row>(statement);
      return rows;
    },
    timeoutMs,
  );
}

/** Runs a statement of a transaction and returns its rows. */
export type Query = <Row extends object>(statement: Sql) => Promise<readonly Row[]>;

/**
 * Runs work in one transaction on a connection of its own, as `queryDirectly` does. Rolls back if the work throws.
 *
 * @param timeoutMs how long the connection waits for each statement, if longer than for others
 */
export async function inTransaction<Result>(
  database: Database,
  work: (query: Query) => Promise<Result>,
  timeoutMs?: number,
): Promise<Result> {
  const waits = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  const connection = findConnection(database);
  await connection.started();
  const client = await connection.pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(
      async <Row extends object>(statement: Sql) =>
        (await client.query<Row>({ ...nameQuery(statement, connection), ...waits })).rows,
    );
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    // A connection that cannot roll back is closed.
    await client.query("ROLLBACK").then(
      () => client.release(),
      () => client.release(true),
    );
    throw error;
  }
}

function nameQuery({ text, values }: Sql, { nameStatement }: Connection): pg.QueryConfig {
  const name = nameStatement({ sql: text });
  return { ...(name !== "" && { name }), text, values };
}

/** The present use of a pool's connections. */
export type PoolUsage = {
  readonly busy: number;
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  /** The largest number of connections. */
  readonly size: number;
};

/** Returns the present use of the connections of a database that `openDatabase` opened. */
export function readPoolUsage(database: Database): PoolUsage {
  const { totalCount, idleCount, waitingCount, options } = findConnection(database).pool;
  return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount, size: options.max };
}

type Connection = {
  readonly pool: pg.Pool;
  readonly nameStatement: (query: { readonly sql: string }) => string;
  /** `$disconnect()` would not end a pool that Prisma has never used. Opens no connection. */
  readonly started: () => Promise<void>;
};

function findConnection(database: Database): Connection {
  const connection = connections.get(database);
  if (connection === undefined) throw new Error("This database was not opened by openDatabase.");
  return connection;
}

// Prisma's client does not expose its pool.
const connections = new WeakMap<Queryable, Connection>();

/** More than there are today; the number of composed statements is not known in advance. */
const MOST_PREPARED = 200;

// A named statement is parsed and planned once for each connection, which saves a fifth of a chunk's time. With the
// empty name it is planned each time.
function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= MOST_PREPARED || sql.includes(PLANNED_EACH_TIME.sql)) return "";
    // Derived from the text: a pooler shares connections, and a name must never stand for two statements.
    const name = `bulk_${createHash("sha256").update(sql).digest("hex").slice(0, 32)}`;
    names.set(sql, name);
    return name;
  };
}

function ignore(): void {}
