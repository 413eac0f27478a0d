import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import manifest from "../package.json" with { type: "json" };

/**
 * What a process measures, with what each of them tells of itself: process, Node (event-loop lag, memory, garbage
 * collection) and build. Each service has its own, since tests run several in one process.
 */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: "bulk_build_info",
    help: "1; the labels say which version of the service runs on which version of Node.",
    labelNames: ["version", "node"],
    registers: [registry],
  });
  build.set({ version: manifest.version, node: process.versions.node }, 1);
  return registry;
}
