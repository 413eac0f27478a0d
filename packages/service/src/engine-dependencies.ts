import type { Dependency, Finding } from "./readiness.ts";

/** How a process asks its engines; each throws when it gets no answer. */
export type EngineChecks = {
  readonly examineDatabase: () => Promise<Finding>;
  readonly checkSchema: () => Promise<Finding>;
  readonly queue: { examineWrites(): Promise<Finding>; examineEviction(): Promise<Finding> };
  /** Whether the process is of no use while the queue is away. */
  readonly needsQueue: boolean;
};

/** What every process depends on. An engine that is away is blamed once: what else it would be asked is unknown then. */
export function engineDependencies(checks: EngineChecks): readonly Dependency[] {
  const { examineDatabase, checkSchema, queue, needsQueue } = checks;
  return [
    {
      ...{ name: "database", isNeeded: true, check: examineDatabase },
      otherwise: { status: "unavailable", reason: "PostgreSQL does not answer." },
    },
    {
      ...{ name: "schema", isNeeded: true, check: checkSchema },
      otherwise: { status: "unknown", reason: "PostgreSQL does not tell which migrations it has had." },
    },
    {
      ...{ name: "queue", isNeeded: needsQueue, check: queue.examineWrites },
      otherwise: { status: "unavailable", reason: "The queue does not answer." },
    },
    {
      ...{ name: "eviction", isNeeded: needsQueue, check: queue.examineEviction },
      otherwise: { status: "unknown", reason: "Redis does not tell its maxmemory-policy." },
    },
  ];
}
