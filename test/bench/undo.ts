import type { Bench, Measurement } from "./bench.ts";
import { measureDrops } from "./drops.ts";
import type { BenchEngines } from "./engines.ts";
import { collect, repeat } from "./figures.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";
import { submitTimed, untilDone } from "./time-action.ts";

/** What it costs to keep what a restore needs, how fast a restore is, and what it costs to drop what has expired. */
export async function undo(bench: Bench): Promise<readonly Measurement[]> {
  const { engines, sizes, say } = bench;
  await using service = await startService(engines, 1, { RESTORE_DAYS: "7" });
  await deleteAll(
    engines,
    service,
    await loadShop(engines, "delete_products", Math.ceil(sizes.products / 10)),
  );
  const runs = await repeat(sizes.pairs, async (number) => {
    const count = sizes.products;
    const plain = await deleteAll(engines, service, await loadShop(engines, "delete_products", count), false);
    const shop = await loadShop(engines, "delete_products", count);
    const kept = await deleteAll(engines, service, shop);
    const bytes = await readKeptBytes(engines);
    const restoreMs = await restoreAll(engines, service, shop, kept.id);
    const figures = {
      keeping_share: plain.tookMs / kept.tookMs,
      restore_share: kept.tookMs / restoreMs,
      kept_bytes_per_record: bytes / count,
      restored_ids_per_second: (1_000 * count) / restoreMs,
    };
    say(`${count} products, pair ${number}: ${JSON.stringify(figures)}`);
    return figures;
  });
  return [...collect(runs), ...(await measureDrops(engines, 5 * sizes.products))];
}

async function deleteAll(engines: BenchEngines, service: BenchService, shop: BenchShop, restorable = true) {
  const { startedAt, id } = await submitTimed(service, shop, restorable ? {} : { restorable });
  return { id, tookMs: (await untilDone(engines, id)) - startedAt };
}

async function restoreAll(
  engines: BenchEngines,
  service: BenchService,
  { token }: BenchShop,
  id: string,
): Promise<number> {
  const startedAt = Date.now();
  const response = await service.request(token, `/v1/bulk_actions/${id}/restore?fields=id`, {
    method: "POST",
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const restored = (await response.json()) as { readonly id: string };
  return (await untilDone(engines, restored.id)) - startedAt;
}

async function readKeptBytes({ database }: BenchEngines): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(
    `SELECT sum(pg_total_relation_size(inhrelid))::float8 AS bytes FROM pg_inherits
     WHERE inhparent = 'bulk.kept_rows'::regclass`,
  );
  return rows[0]?.bytes ?? Number.NaN;
}
