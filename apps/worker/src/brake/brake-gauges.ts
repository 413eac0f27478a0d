import { BRAKE_REASONS } from "@bulk/domain/bulk-actions/describe-braking";
import { Gauge, type Registry } from "prom-client";
import type { BrakeView } from "./brake-view.ts";
import type { ShopBrake } from "./shop-brake.ts";

/** Adds the gauges of the brake. Those with figures have a value only while chunks are slowed down. */
export function addBrakeGauges(registry: Registry, brake: Pick<ShopBrake, "lastView" | "target">): void {
  new Gauge({
    name: "bulk_brake_active",
    help: "1 while this worker slows chunks down because others use the database, by reason.",
    labelNames: ["reason"],
    registers: [registry],
    collect() {
      const reason = brake.lastView()?.reason;
      for (const one of Object.keys(BRAKE_REASONS)) this.set({ reason: one }, one === reason ? 1 : 0);
    },
  });
  addFigure(registry, brake, {
    name: "bulk_brake_target_ratio",
    help: "How many times its idle latency a small transaction of others may take (PROTECT_MAX_SLOWDOWN).",
    read: () => brake.target,
  });
  addFigure(registry, brake, {
    name: "bulk_brake_measured_ratio",
    help: "How many times its idle latency a small transaction takes beside chunks, as last measured.",
    read: ({ measured }) => measured,
  });
  addFigure(registry, brake, {
    name: "bulk_brake_records_per_second",
    help: "Records per second of all workers together while chunks are slowed down.",
    read: ({ recordsPerSecond }) => recordsPerSecond,
  });
}

function addFigure(
  registry: Registry,
  { lastView }: Pick<ShopBrake, "lastView">,
  figure: { readonly name: string; readonly help: string; read(view: BrakeView): number | undefined },
): void {
  const { name, help, read } = figure;
  new Gauge({
    ...{ name, help, registers: [registry] },
    collect() {
      const view = lastView();
      const value = view?.pace === undefined ? undefined : read(view);
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}
