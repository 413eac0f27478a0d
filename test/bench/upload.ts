import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { Bench, Measurement } from "./bench.ts";
import { collect, repeat } from "./figures.ts";
import { readMemory } from "./process-usage.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";
import { untilSettled } from "./time-action.ts";

/** A file of ids, the records of the shop among them: accepted, and then deleted with every id accounted for. */
export async function upload(bench: Bench): Promise<readonly Measurement[]> {
  const { engines, sizes, say } = bench;
  const runs = await repeat(sizes.runs, async (number) => {
    const shop = await loadShop(engines, "delete_products", sizes.products);
    await using service = await startService(engines, 0);
    await send(service, { ...shop, recordIds: [] }, 1_000);
    const idle = await readMemory(service.api.pid);
    const { id, seconds } = await send(service, shop, sizes.uploadedIds);
    const { peakMegabytes } = await readMemory(service.api.pid);
    await service.startWorkers(1);
    const startedAt = Date.now();
    const { endedAt } = await untilSettled(engines, id);
    await expectAccounted(bench, id, shop);
    const figures = {
      uploaded_ids_per_second: sizes.uploadedIds / seconds,
      upload_megabytes: peakMegabytes - idle.megabytes,
      uploaded_ids_done_per_second: (1_000 * sizes.uploadedIds) / (endedAt - startedAt),
    };
    say(`${sizes.uploadedIds} ids, run ${number}: ${JSON.stringify(figures)}`);
    return figures;
  });
  return collect(runs);
}

/** Seconds until the answer is here. The ids are made before, but those of no record while they are sent. */
async function send(
  service: BenchService,
  { token, recordIds }: BenchShop,
  count: number,
): Promise<{ readonly id: string; readonly seconds: number }> {
  const own = recordIds.slice(0, count);
  const startedAt = performance.now();
  const response = await service.request(token, "/v1/bulk_actions?action_type=delete_products&fields=id", {
    method: "POST",
    headers: { "content-type": "text/csv", "bulk-expected-count": String(count) },
    body: Readable.toWeb(Readable.from(writeFile(own, count - own.length), { objectMode: false })),
    duplex: "half",
  } as RequestInit);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  const { id } = JSON.parse(text) as { readonly id: string };
  return { id, seconds: (performance.now() - startedAt) / 1_000 };
}

const IDS_AT_ONCE = 5_000;

function* writeFile(ids: readonly string[], others: number): Generator<Buffer> {
  yield Buffer.from("id\n");
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE)
    yield Buffer.from(
      ids
        .slice(at, at + IDS_AT_ONCE)
        .map((id) => `${id}\n`)
        .join(""),
    );
  for (let left = others; left > 0; left -= IDS_AT_ONCE) yield writeIds(Math.min(left, IDS_AT_ONCE));
}

// Several times as fast as `randomUUID`, so that the sender takes little of the machine.
function writeIds(count: number): Buffer {
  const hex = randomBytes(16 * count).toString("latin1");
  const lines = Buffer.from(hex, "latin1").toString("hex");
  const text: string[] = [];
  for (let at = 0; at < 32 * count; at += 32)
    text.push(
      `${lines.slice(at, at + 8)}-${lines.slice(at + 8, at + 12)}-${lines.slice(at + 12, at + 16)}-${lines.slice(at + 16, at + 20)}-${lines.slice(at + 20, at + 32)}\n`,
    );
  return Buffer.from(text.join(""));
}

async function expectAccounted({ engines, sizes }: Bench, id: string, shop: BenchShop): Promise<void> {
  const { rows } = await engines.database.query<{ deleted: number; skipped: number; left: number }>(
    `SELECT sum(deleted_count)::int AS deleted, sum(skipped_count)::int AS skipped,
            (SELECT count(*)::int FROM products) AS left
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1`,
    [id],
  );
  const [row] = rows;
  const isAll = row !== undefined && row.deleted + row.skipped === sizes.uploadedIds;
  if (!isAll || row.deleted + row.left !== shop.recordIds.length)
    throw new Error(
      `Of ${sizes.uploadedIds} ids, ${shop.recordIds.length} of products: ${JSON.stringify(row)}`,
    );
}
