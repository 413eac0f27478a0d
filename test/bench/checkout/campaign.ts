import { setTimeout as wait } from "node:timers/promises";
import type { BenchEngines } from "../engines.ts";
import { percentile } from "../figures.ts";
import type { BenchService } from "../service.ts";
import { type BenchShop, loadShop } from "../shop.ts";
import { submitTimed, untilDone } from "../time-action.ts";
import { startObserver, startShopLoad } from "./children.ts";
import type { Checkout } from "./shop-load.ts";

/** What runs while the shop is open. */
export type Campaign = {
  /** Ids of the bulk action. */
  readonly ids: number;
  /** Checkouts that arrive in a second. */
  readonly perSecond: number;
  /** Whether order lines name products that the bulk action deletes. */
  readonly isTouching: boolean;
  /** Of the shop without a bulk action, before it and after it. */
  readonly idleSeconds: number;
};

/** Products that the checkouts name: some that no bulk action deletes, or some that it does. */
const DRAWN = 3_000;

/** After the end of a bulk action; the notifications about it and its last turns are not idle yet. */
const SETTLING_MS = 500;

/** A wait for a lock that a customer would feel. */
const LONG_WAIT_MS = 50;

/** A shop with this many products for a bulk action, and some that stay. */
export async function loadOpenShop(engines: BenchEngines, ids: number) {
  const shop = await loadShop(engines, "delete_products", ids + DRAWN);
  return { shop: { ...shop, recordIds: shop.recordIds.slice(0, ids) }, staying: shop.recordIds.slice(ids) };
}

/** Records per second of the same bulk action while the shop is closed. */
export async function measureFullSpeed(
  engines: BenchEngines,
  service: BenchService,
  ids: number,
): Promise<number> {
  const { shop } = await loadOpenShop(engines, ids);
  const { id } = await submitTimed(service, shop);
  await untilDone(engines, id);
  return await readSpeed(engines, id);
}

/** Checkouts of an idle shop, beside the bulk action, and of an idle shop again. */
export async function measureBeside(engines: BenchEngines, service: BenchService, campaign: Campaign) {
  const { shop, staying } = await loadOpenShop(engines, campaign.ids);
  const productIds = campaign.isTouching ? drawEvenly(shop) : staying;
  await using load = await startShopLoad(engines, shop, { perSecond: campaign.perSecond, productIds });
  await using observer = await startObserver(engines);
  load.open();
  await wait(1_000 * campaign.idleSeconds);
  const idleUntil = Date.now();
  const { startedAt, id } = await submitTimed(service, shop);
  const endedAt = await untilDone(engines, id);
  await wait(SETTLING_MS + 1_000 * campaign.idleSeconds);
  const checkouts = await load.close();
  const { waits } = await observer.end();
  // Where their products are gone, checkouts are refused, which takes less time than to place an order.
  const idleAgainAt = campaign.isTouching ? Number.POSITIVE_INFINITY : endedAt + SETTLING_MS;
  return {
    idle: checkouts.filter(({ dueAt }) => dueAt < idleUntil || dueAt > idleAgainAt),
    beside: checkouts.filter(({ dueAt }) => dueAt >= startedAt && dueAt <= endedAt),
    idsPerSecond: await readSpeed(engines, id),
    blockedSessions: waits.filter((milliseconds) => milliseconds > LONG_WAIT_MS).length,
  };
}

/** Milliseconds that this share (0 to 1) of the checkouts did not exceed. */
export function latency(checkouts: readonly Checkout[], share: number): number {
  return percentile(
    checkouts.map(({ milliseconds }) => milliseconds),
    share,
  );
}

// From its beginning to its end: its order is that of the deletion.
function drawEvenly({ recordIds }: BenchShop): readonly string[] {
  return recordIds.filter((_, index) => index % Math.ceil(recordIds.length / DRAWN) === 0);
}

async function readSpeed({ database }: BenchEngines, id: string): Promise<number> {
  const { rows } = await database.query<{ speed: number }>(
    `SELECT (record_count / extract(epoch FROM finished_at - started_at))::float8 AS speed
     FROM bulk.bulk_actions WHERE id = $1`,
    [id],
  );
  return rows[0]?.speed ?? Number.NaN;
}
