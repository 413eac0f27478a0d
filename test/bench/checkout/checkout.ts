import type { Bench, Measurement } from "../bench.ts";
import { collect, repeat } from "../figures.ts";
import { type BenchService, startService } from "../service.ts";
import { type Campaign, latency, measureBeside, measureFullSpeed } from "./campaign.ts";
import { compareSpeeds, measureWake } from "./wake.ts";
import { drawWake } from "./wake-chart.ts";

/** Checkouts of a busy shop in a second. */
const PER_SECOND = 50;

/** What a checkout feels beside a bulk action, and what the bulk action's politeness costs. */
export async function checkout(bench: Bench): Promise<readonly Measurement[]> {
  const { campaignIds, mostIds, otherRates, idleSeconds, pairs } = bench.sizes;
  const runs = Math.min(pairs, bench.sizes.runs);
  await using service = await startService(bench.engines, 1);
  await measureFullSpeed(bench.engines, service, Math.ceil(campaignIds / 10));
  const usual = { ids: campaignIds, perSecond: PER_SECOND, isTouching: false, idleSeconds };
  const measure = (name: string, count: number, difference: Partial<Campaign> = {}) =>
    compareRuns(bench, service, count, name, { ...usual, ...difference });
  return [
    ...(await measure("", pairs)),
    ...(await measure("_touching", runs, { isTouching: true })),
    ...(mostIds > campaignIds ? await measure("_most_ids", runs, { ids: mostIds }) : []),
    ...(
      await repeat(otherRates.length, async (number) => {
        const perSecond = otherRates[number - 1] ?? PER_SECOND;
        return await measure(`_${perSecond}_per_second`, runs, { perSecond });
      })
    ).flat(),
    ...(await timeWakes(bench, service, runs)),
  ];
}

async function compareRuns(
  { engines, say }: Bench,
  service: BenchService,
  count: number,
  name: string,
  campaign: Campaign,
): Promise<readonly Measurement[]> {
  const runs = await repeat(count, async (number) => {
    const fullSpeed = await measureFullSpeed(engines, service, campaign.ids);
    const { idle, beside, idsPerSecond, blockedSessions } = await measureBeside(engines, service, campaign);
    const p95 = latency(beside, 0.95) / latency(idle, 0.95);
    const p99 = latency(beside, 0.99) / latency(idle, 0.99);
    const share = idsPerSecond / fullSpeed;
    say(
      `${campaign.perSecond}/s beside ${campaign.ids} ids${name}, run ${number}: ${beside.length} checkouts, ` +
        `p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)} times the idle one, at ${share.toFixed(2)} of full speed`,
    );
    return {
      [`checkout_p95_ratio${name}`]: p95,
      [`checkout_p99_ratio${name}`]: p99,
      [`polite_speed_share${name}`]: share,
      [`blocked_sessions${name}`]: blockedSessions,
      [`checkout_refused_share${name}`]: beside.filter(({ isRefused }) => isRefused).length / beside.length,
      [`checkout_idle${name}_p95_milliseconds`]: latency(idle, 0.95),
      [`checkout_idle${name}_p99_milliseconds`]: latency(idle, 0.99),
      [`checkout_beside${name}_p95_milliseconds`]: latency(beside, 0.95),
      [`checkout_beside${name}_p99_milliseconds`]: latency(beside, 0.99),
      [`checkout_full_speed${name}_ids_per_second`]: fullSpeed,
      [`checkout_polite_speed${name}_ids_per_second`]: idsPerSecond,
    };
  });
  return collect(runs);
}

async function timeWakes({ engines, sizes, say, draw }: Bench, service: BenchService, count: number) {
  const { wakeIds: ids, openSeconds: seconds } = sizes;
  const runs = await repeat(count, async (number) => {
    const wake = await measureWake(engines, service, { ids, perSecond: PER_SECOND, seconds });
    draw("checkout", drawWake(wake));
    const speeds = compareSpeeds(wake);
    say(`shop wakes and falls silent, run ${number}: ${JSON.stringify(speeds)}`);
    return speeds;
  });
  return collect(runs);
}
