import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { BenchEngines } from "../engines.ts";
import { median } from "../figures.ts";
import type { BenchService } from "../service.ts";
import { submitTimed, untilDone } from "../time-action.ts";
import { loadOpenShop } from "./campaign.ts";
import { startObserver, startShopLoad } from "./children.ts";
import { type Rate, readRates } from "./deletion-rate.ts";
import type { Checkout } from "./shop-load.ts";

/** A bulk action during which the shop wakes and falls silent again. All times in milliseconds since 1970. */
export type Wake = {
  readonly rates: readonly Rate[];
  readonly checkouts: readonly Checkout[];
  readonly opensAt: number;
  readonly closesAt: number;
};

/** The share of the records that is gone when the shop opens. */
const GONE_SHARE = 1 / 6;

/** The speed is polite below the one share of full speed, and full again above the other. */
const POLITE_SHARE = 0.5;
const FULL_SHARE = 0.75;

/** Opens the shop for some seconds in the middle of a bulk action. */
export async function measureWake(
  engines: BenchEngines,
  service: BenchService,
  { ids, perSecond, seconds }: { readonly ids: number; readonly perSecond: number; readonly seconds: number },
): Promise<Wake> {
  const { shop, staying } = await loadOpenShop(engines, ids);
  await using load = await startShopLoad(engines, shop, { perSecond, productIds: staying });
  await using observer = await startObserver(engines);
  const { id } = await submitTimed(service, shop);
  await untilGone(engines, ids * GONE_SHARE);
  load.open();
  await wait(1_000 * seconds);
  const checkouts = await load.close();
  await untilDone(engines, id);
  const { progress } = await observer.end();
  const ends = checkouts.map(({ dueAt, milliseconds }) => dueAt + milliseconds);
  const opensAt = checkouts[0]?.dueAt ?? Number.NaN;
  return { rates: readRates(progress), checkouts, opensAt, closesAt: Math.max(...ends) };
}

/** How long the bulk action took to see either. What never happened took as long as it was watched. */
export function compareSpeeds({ rates, opensAt, closesAt }: Wake): Readonly<Record<string, number>> {
  const before = rates.filter(({ at, perSecond }) => at < opensAt && perSecond > 0);
  const fullSpeed = median(before.map(({ perSecond }) => perSecond));
  const open = rates.filter(({ at }) => at > opensAt && at <= closesAt);
  const closed = rates.filter(({ at }) => at > closesAt);
  const polite = open.find(({ perSecond }) => perSecond <= POLITE_SHARE * fullSpeed) ?? open.at(-1);
  const full = closed.find(({ perSecond }) => perSecond >= FULL_SHARE * fullSpeed) ?? closed.at(-1);
  return {
    polite_after_seconds: ((polite?.at ?? Number.NaN) - opensAt) / 1_000,
    full_speed_after_seconds: ((full?.at ?? Number.NaN) - closesAt) / 1_000,
  };
}

async function untilGone({ database }: BenchEngines, count: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await database.query<{ gone: number }>(
      "SELECT coalesce(sum(done_count), 0)::int AS gone FROM bulk.bulk_action_chunks",
    );
    if ((rows[0]?.gone ?? 0) < count) throw new Error(`Only ${rows[0]?.gone} records are gone.`);
  });
}
