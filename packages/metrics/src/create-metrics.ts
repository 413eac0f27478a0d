import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import manifest from "../package.json" with { type: "json" };

/**
 * Creates the metrics registry of a process, with the default metrics: process, Node (event-loop lag, memory, garbage
 * collection) and build. Each service has its own registry, because tests run several services in one process.
 */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: "bulk_build_info",
    help: "Always 1; the labels are the versions of the service and of Node.",
    labelNames: ["version", "node"],
    registers: [registry],
  });
  build.set({ version: manifest.version, node: process.versions.node }, 1);
  return registry;
}
