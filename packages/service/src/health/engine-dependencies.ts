import type { Dependency, Finding } from "./readiness.ts";

/** The checks of database and queue. Each throws if the engine does not respond. */
export type EngineChecks = {
  readonly examineDatabase: () => Promise<Finding>;
  readonly checkSchema: () => Promise<Finding>;
  readonly queue: { examineWrites(): Promise<Finding>; examineEviction(): Promise<Finding> };
  /** Whether the process cannot work without the queue. */
  readonly needsQueue: boolean;
};

/**
 * Returns the dependencies of every process. An engine that is away is reported once, as `unavailable`; its other checks
 * are `unknown`.
 */
export function engineDependencies(checks: EngineChecks): readonly Dependency[] {
  const { examineDatabase, checkSchema, queue, needsQueue } = checks;
  return [
    {
      name: "database",
      isNeeded: true,
      check: examineDatabase,
      otherwise: { status: "unavailable", reason: "PostgreSQL does not answer." },
    },
    {
      name: "schema",
      isNeeded: true,
      check: checkSchema,
      otherwise: { status: "unknown", reason: "PostgreSQL does not tell which migrations it has had." },
    },
    {
      name: "queue",
      isNeeded: needsQueue,
      check: queue.examineWrites,
      otherwise: { status: "unavailable", reason: "The queue does not answer." },
    },
    {
      name: "eviction",
      isNeeded: needsQueue,
      check: queue.examineEviction,
      otherwise: { status: "unknown", reason: "Redis does not report its maxmemory-policy." },
    },
  ];
}
