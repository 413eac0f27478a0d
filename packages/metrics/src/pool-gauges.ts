import { type Database, readPoolUsage } from "@bulk/store/database";
import { Gauge, type Registry } from "prom-client";

/** Adds gauges for the usage of the database pool of this process. */
export function addPoolGauges(registry: Registry, database: Database): void {
  const registers = [registry];
  const connections = new Gauge({
    name: "bulk_database_pool_connections",
    help: "Open database connections, by state.",
    registers,
    labelNames: ["state"],
    collect() {
      const { busy, idle } = readPoolUsage(database);
      connections.set({ state: "busy" }, busy);
      connections.set({ state: "idle" }, idle);
    },
  });
  new Gauge({
    name: "bulk_database_pool_size",
    help: "Maximum number of database connections.",
    registers,
    collect() {
      this.set(readPoolUsage(database).size);
    },
  });
  new Gauge({
    name: "bulk_database_pool_waiting",
    help: "Callers that wait for a database connection.",
    registers,
    collect() {
      this.set(readPoolUsage(database).waiting);
    },
  });
}
