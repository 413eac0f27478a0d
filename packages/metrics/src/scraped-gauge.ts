import { cacheFor } from "@bulk/service/timing/cache-for";
import { withinOr } from "@bulk/service/timing/deadline";
import { Gauge, type Registry } from "prom-client";

/**
 * Adds a gauge whose value is read on each scrape, at most once a second. If reading takes longer than two seconds, the
 * gauge is left out of the scrape, because an old value would be wrong.
 */
export function addScrapedGauge(
  registry: Registry,
  { name, help }: { readonly name: string; readonly help: string },
  read: () => Promise<number>,
): void {
  const readSparingly = cacheFor(1_000, read);
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      const value = await withinOr(2_000, readSparingly(), undefined);
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}
