import { type Database, readPoolUsage } from "@bulk/store/database";
import { Gauge, type Registry } from "prom-client";

/** Adds how the connections of this process to its database are used. */
export function addPoolGauges(registry: Registry, database: Database): void {
  const registers = [registry];
  const connections = new Gauge({
    ...{
      name: "bulk_database_pool_connections",
      help: "Database connections there are, by state.",
      registers,
    },
    labelNames: ["state"],
    collect() {
      const { busy, idle } = readPoolUsage(database);
      connections.set({ state: "busy" }, busy);
      connections.set({ state: "idle" }, idle);
    },
  });
  new Gauge({
    ...{ name: "bulk_database_pool_size", help: "Database connections there may be.", registers },
    collect() {
      this.set(readPoolUsage(database).size);
    },
  });
  new Gauge({
    ...{
      name: "bulk_database_pool_waiting",
      help: "Callers that wait for a database connection.",
      registers,
    },
    collect() {
      this.set(readPoolUsage(database).waiting);
    },
  });
}
