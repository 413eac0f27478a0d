import type { Dependency, Finding } from "./readiness.ts";

/** How a process asks its engines; each throws when it gets no answer. */
export type EngineChecks = {
  readonly askDatabase: () => Promise<unknown>;
  readonly checkSchema: () => Promise<Finding>;
  readonly queue: { isDrained(): Promise<unknown>; examineEviction(): Promise<Finding> };
  /** Whether the process is of no use while the queue is away. */
  readonly needsQueue: boolean;
};

/** What every process depends on. An engine that is away is blamed once: what else it would be asked is unknown then. */
export function engineDependencies(checks: EngineChecks): readonly Dependency[] {
  const { askDatabase, checkSchema, queue, needsQueue } = checks;
  return [
    {
      ...{ name: "database", isNeeded: true, check: () => asked(askDatabase) },
      otherwise: { status: "unavailable", reason: "PostgreSQL does not answer." },
    },
    {
      ...{ name: "schema", isNeeded: true, check: checkSchema },
      otherwise: { status: "unknown", reason: "PostgreSQL does not tell which migrations it has had." },
    },
    {
      ...{ name: "queue", isNeeded: needsQueue, check: () => asked(queue.isDrained) },
      otherwise: { status: "unavailable", reason: "The queue does not answer." },
    },
    {
      ...{ name: "eviction", isNeeded: needsQueue, check: queue.examineEviction },
      otherwise: { status: "unknown", reason: "Redis does not tell its maxmemory-policy." },
    },
  ];
}

async function asked(ask: () => Promise<unknown>): Promise<Finding> {
  await ask();
  return { status: "ok" };
}
