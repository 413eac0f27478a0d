import type { Expectation } from "@bulk/catalog/expected/list-expectations";
import { Gauge, type Registry } from "prom-client";
import type { SafetyCatch } from "./safety-catch.ts";

/** Adds the gauge of action types that the safety catch holds: 1 or 0 for each that has expectations. */
export function addHoldGauge(
  registry: Registry,
  expectations: readonly Expectation[],
  { listHolds }: Pick<SafetyCatch, "listHolds">,
): void {
  new Gauge({
    name: "bulk_action_type_held",
    help: "1 while this worker begins no chunk of the action type because the database differs from its declaration.",
    labelNames: ["type"],
    registers: [registry],
    collect() {
      const held = new Set(listHolds().map(({ actionType }) => actionType));
      for (const { actionType: type } of expectations) this.set({ type }, held.has(type) ? 1 : 0);
    },
  });
}
