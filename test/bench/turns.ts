import { randomIds } from "../support/random-ids.ts";
import type { Bench, Measurement } from "./bench.ts";
import { collect, percentile } from "./figures.ts";
import { startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";
import { untilSettled } from "./time-action.ts";

const LARGE_ACTIONS = 5;
const WINDOWS = [1, 2, 4, 8];
const TURNS_MS = [50, 100, 250, 500];

/**
 * What WINDOW and TURN_MS cost and bring: five large actions at once, and meanwhile actions of ten
 * ids, one after the other.
 */
export async function turns(bench: Bench): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const window of WINDOWS) {
    for (const turnMs of TURNS_MS) {
      const { idsPerSecond, times } = await race(bench, window, turnMs);
      const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
      bench.say(
        `WINDOW ${window}, TURN_MS ${turnMs}: ${idsPerSecond.toFixed()} ids/s; ten ids p50 ${p50}, p95 ${p95} ms`,
      );
      const name = `turns_${window}x${turnMs}`;
      measurements.push(
        ...collect([{ [`${name}_ids_per_second`]: idsPerSecond, [`${name}_small_p95_milliseconds`]: p95 }]),
      );
    }
  }
  return measurements;
}

async function race(
  { engines, sizes }: Bench,
  window: number,
  turnMs: number,
): Promise<{ readonly idsPerSecond: number; readonly times: readonly number[] }> {
  await using service = await startService(engines, 1, { WINDOW: String(window), TURN_MS: String(turnMs) });
  const shop = await loadShop(engines, "delete_products", sizes.products);
  async function time(ids: readonly string[]): Promise<number> {
    const startedAt = Date.now();
    const { id } = await service.submit(shop.token, shop.actionType, ids);
    return Math.max(1, (await untilSettled(engines, id)).endedAt - startedAt);
  }
  const times: number[] = [];
  let isOver = false;
  const large = Promise.all(cut(shop).map(time)).then((all) => {
    isOver = true;
    return Math.max(...all);
  });
  // There are no such records: what is measured is the waiting, and a shop has only so many to delete.
  while (!isOver) times.push(await time(randomIds(10)));
  return { idsPerSecond: (1_000 * sizes.products) / (await large), times };
}

function cut({ recordIds }: BenchShop): readonly (readonly string[])[] {
  const size = Math.floor(recordIds.length / LARGE_ACTIONS);
  return Array.from({ length: LARGE_ACTIONS }, (_, at) => recordIds.slice(at * size, (at + 1) * size));
}
