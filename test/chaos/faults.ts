import type pg from "pg";
import { tellRedis } from "../support/redis-command.ts";
import type { RedisServer } from "../support/redis-server.ts";
import type { Arena } from "./arena.ts";
import type { Fault, ServiceName } from "./fault-plan.ts";
import { pause } from "./pause.ts";
import type { ServiceProcess } from "./services.ts";
import { editRecords, placeOrder } from "./shop-writers.ts";

/**
 * Lets one thing go wrong and puts it right again, at the latest when `ending` is aborted. Answers whether
 * it happened: what is in trouble already is left alone.
 */
export async function inflict(fault: Fault, arena: Arena, ending: AbortSignal): Promise<boolean> {
  const target = targetOf(fault);
  if (target === undefined) return await apply(fault, arena, ending);
  if (arena.busy.has(target)) return false;
  arena.busy.add(target);
  try {
    return await apply(fault, arena, ending);
  } finally {
    arena.busy.delete(target);
  }
}

function targetOf(fault: Fault): string | undefined {
  switch (fault.kind) {
    case "kill":
    case "freeze":
    case "terminate":
      return fault.service;
    case "cut":
    case "delay":
      return `${fault.service} to ${fault.to}`;
    case "kill_redis":
    case "flush_redis":
    case "pause_redis":
    case "sleep_redis":
      return "redis";
    case "restart_postgres":
    case "slow_deletes":
      return fault.kind;
    case "terminate_backends":
    case "order_lines":
    case "lock_records":
      return undefined;
  }
}

async function apply(fault: Fault, arena: Arena, ending: AbortSignal): Promise<boolean> {
  switch (fault.kind) {
    case "kill":
    case "freeze":
    case "terminate":
      return await hitService(fault, findService(arena, fault.service), ending);
    case "cut":
    case "delay":
      return await hitNetwork(fault, findService(arena, fault.service), ending);
    case "kill_redis":
    case "pause_redis":
    case "sleep_redis":
      return await hitRedis(fault, arena.engines.redisServer, ending);
    case "flush_redis":
      return await applyIfPossible(arena.engines.flushRedis);
    case "restart_postgres":
      return await applyIfPossible(arena.engines.restartPostgres);
    case "terminate_backends":
      return await terminateBackends(arena.database, fault.count);
    case "order_lines":
      return await placeOrder(arena, fault, ending);
    case "lock_records":
      return await editRecords(arena, fault, ending);
    case "slow_deletes":
      return await slowDown(arena.database, fault, ending);
  }
}

function findService(arena: Arena, name: ServiceName): ServiceProcess {
  const service = arena.services.find((candidate) => candidate.name === name);
  if (service === undefined) throw new Error(`There is no ${name}.`);
  return service;
}

async function hitService(
  fault: Fault & { readonly kind: "kill" | "freeze" | "terminate" },
  service: ServiceProcess,
  ending: AbortSignal,
): Promise<boolean> {
  if (!service.isUp()) return false;
  switch (fault.kind) {
    case "kill":
      await service.kill();
      await pause(fault.downMs, ending);
      await service.start();
      return true;
    case "freeze":
      service.freeze();
      await pause(fault.forMs, ending);
      service.thaw();
      return true;
    case "terminate":
      await service.terminate();
      await service.start();
      return true;
  }
}

async function hitNetwork(
  fault: Fault & { readonly kind: "cut" | "delay" },
  service: ServiceProcess,
  ending: AbortSignal,
): Promise<boolean> {
  const proxy = service.findProxy(fault.to);
  if (proxy === undefined) return false;
  switch (fault.kind) {
    case "cut":
      await proxy.cut();
      await pause(fault.forMs, ending);
      await proxy.mend();
      return true;
    case "delay":
      proxy.delay(fault.byMs);
      await pause(fault.forMs, ending);
      proxy.delay(0);
      return true;
  }
}

async function applyIfPossible(cause: (() => Promise<void>) | undefined): Promise<boolean> {
  await cause?.();
  return cause !== undefined;
}

async function hitRedis(
  fault: Fault & { readonly kind: "kill_redis" | "pause_redis" | "sleep_redis" },
  redis: RedisServer | undefined,
  ending: AbortSignal,
): Promise<boolean> {
  if (redis === undefined) return false;
  switch (fault.kind) {
    case "kill_redis":
      await redis.kill();
      await pause(fault.downMs, ending);
      await redis.start();
      return true;
    case "pause_redis": {
      await tellRedis(redis.port, `CLIENT PAUSE ${fault.forMs} ALL`);
      await pause(fault.forMs, ending);
      return true;
    }
    case "sleep_redis":
      await tellRedis(redis.port, `DEBUG SLEEP ${fault.forMs / 1_000}`);
      return true;
  }
}

// Only connections of the service; a database that is away has none.
async function terminateBackends(database: pg.Pool, count: number): Promise<boolean> {
  const { rowCount } = await database
    .query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database()
         AND application_name IN (
           'bulk-actions-api', 'bulk-actions-listener', 'bulk-actions-worker', 'bulk-actions-queue')
       ORDER BY random() LIMIT $1`,
      [count],
    )
    .catch(() => ({ rowCount: 0 }));
  return rowCount !== null && rowCount > 0;
}

async function slowDown(
  database: pg.Pool,
  fault: Fault & { readonly kind: "slow_deletes" },
  ending: AbortSignal,
): Promise<boolean> {
  const isSlow = await setSlowness(database, fault.statementMs);
  if (!isSlow) return false;
  await pause(fault.forMs, ending);
  while (!(await setSlowness(database, 0))) await pause(100, AbortSignal.timeout(1_000));
  return true;
}

async function setSlowness(database: pg.Pool, statementMs: number): Promise<boolean> {
  return await database.query("UPDATE chaos.settings SET delete_ms = $1", [statementMs]).then(
    () => true,
    () => false,
  );
}
