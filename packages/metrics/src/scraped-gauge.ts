import { answerOr } from "@bulk/service/answer-or";
import { shareBriefly } from "@bulk/service/share-briefly";
import { Gauge, type Registry } from "prom-client";

/**
 * Adds a gauge that is read when somebody scrapes, and at most once a second. Without an answer within two seconds it
 * is left out of the scrape: an old value would be a lie.
 */
export function addScrapedGauge(
  registry: Registry,
  { name, help }: { readonly name: string; readonly help: string },
  read: () => Promise<number>,
): void {
  const readSparingly = shareBriefly(1_000, read);
  new Gauge({
    ...{ name, help, registers: [registry] },
    async collect() {
      const value = await answerOr(readSparingly(), undefined, 2_000);
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}
