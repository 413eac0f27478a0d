import type { Tools } from "./arena.ts";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import { createRandom, type Random } from "./random.ts";
import type { Submission } from "./recorded-run.ts";
import { ACTION_TYPES, type ActionType, type ChaosShop } from "./shop.ts";

/** A bulk action to be sent, and when, counted from the start of the run. */
export type PlannedAction = {
  readonly atMs: number;
  readonly shopIndex: number;
  readonly actionType: ActionType;
  readonly size: number;
  /** How long after its 200 somebody cancels it. */
  readonly cancelAfterMs: number | undefined;
  /** What its ids are drawn with. */
  readonly seed: number;
};

/** How many actions are begun in a second, on average. */
const ACTIONS_PER_SECOND = 3;

/** Which share of them is canceled; many have ended by then. */
const CANCELED = 0.3;

/** What will be sent: a pure function of its arguments. */
export function planActions(seed: number, seconds: number, shopCount: number): readonly PlannedAction[] {
  const random = createRandom(seed + 1_000_003);
  const cancels = createRandom(seed + 5_000_003);
  return Array.from({ length: seconds * ACTIONS_PER_SECOND }, (_, index) => ({
    atMs: Math.round(((index + random.next()) * 1_000) / ACTIONS_PER_SECOND),
    shopIndex: random.integer(0, shopCount - 1),
    actionType: random.pick(ACTION_TYPES),
    cancelAfterMs: cancels.next() < CANCELED ? cancels.logUniform(1, 3_000) : undefined,
    size: random.next() < 0.85 ? random.logUniform(1, 2_000) : random.logUniform(1, 50_000),
    seed: random.integer(0, 2 ** 31),
  }));
}

/**
 * The ids of an action: mostly from a window of the shop that moves on with the run, so that actions which
 * run at the same time meet on the same records; among them unknown ones, ones in use, of other accounts,
 * of the other type, and some twice.
 *
 * @param progress how much of the run is over, 0 to 1
 */
export function drawSubmission(
  { shopIndex, actionType, size, seed }: PlannedAction,
  { shops, host }: Pick<Tools, "shops" | "host">,
  progress: number,
): Submission {
  const random = createRandom(seed);
  const shop = shops[shopIndex];
  if (shop === undefined) throw new Error(`There is no shop ${shopIndex}.`);
  const foreign = random.pick(shops.filter((other) => other !== shop));
  const window = cutWindow(shop.recordIds[actionType], size, progress);
  const recordIds: string[] = [];
  for (let index = 0; index < size; index++) {
    const isAgain = recordIds.length > 0 && random.next() < 0.03;
    recordIds.push(
      isAgain ? random.pick(recordIds) : drawId(random, { host, shop, foreign, window, actionType }),
    );
  }
  return { accountId: shop.accountId, actionType, recordIds };
}

const SMALLEST_WINDOW = 1_500;

function cutWindow(ids: readonly string[], size: number, progress: number): readonly string[] {
  const width = Math.min(ids.length, Math.max(SMALLEST_WINDOW, size * 2));
  const start = Math.round(progress * (ids.length - width));
  return ids.slice(start, start + width);
}

type Choice = {
  readonly host: ChaosHost;
  readonly shop: ChaosShop;
  readonly foreign: ChaosShop;
  readonly window: readonly string[];
  readonly actionType: ActionType;
};

function drawId(random: Random, { host, shop, foreign, window, actionType }: Choice): string {
  const chance = random.next();
  if (chance < 0.03) return host.unknownId(random);
  if (chance < 0.06) return random.pick(foreign.recordIds[actionType]);
  if (chance < 0.08) return random.pick(shop.recordIds[otherType(actionType)]);
  if (chance < 0.12) return random.pick(shop.inUseProductIds);
  return random.pick(window);
}

function otherType(actionType: ActionType): ActionType {
  return actionType === "delete_products" ? "delete_customers" : "delete_products";
}
