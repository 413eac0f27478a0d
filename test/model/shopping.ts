import { type Bench, type Flight, isAtWork, look, noteOrder, quieten } from "./bench.ts";
import { nameRecord, withChange } from "./model.ts";
import type { Step } from "./scenario.ts";
import type { DeedResult, OpenDeed, ShopperDeed } from "./shopper.ts";

export async function letShopperCome(
  bench: Bench,
  { deed, record: number, stays }: Extract<Step, { kind: "shopper_comes" }>,
): Promise<void> {
  const { engine, shop, scenario } = bench;
  const index = number % scenario.kinds.length;
  const record = { index, id: String(shop.recordIds[index]), accountId: shop.accountId };
  const canStay = stays && engine.shopper.open() === undefined;
  const atWork = bench.flights.filter(isAtWork);
  const result = await (canStay ? engine.shopper.begin : engine.shopper.doAtOnce)(deed, record);
  tell(bench, { deed, record }, result, canStay);
  note(bench, { deed, record }, canStay ? "refused" : result, atWork);
  await quieten(bench);
  await look(bench);
}

/** Ends the shopper's open transaction, if there is one. */
export async function letShopperLeave(bench: Bench, how: "COMMIT" | "ROLLBACK"): Promise<void> {
  const { shopper } = bench.engine;
  const open = shopper.open();
  if (open === undefined) return;
  const end = how === "COMMIT" ? "commits" : "rolls back";
  bench.story.push(`the shopper who came for ${nameRecord(open.record.index)} ${end}`);
  const atWork = bench.flights.filter(isAtWork);
  await shopper.leave(how);
  note(bench, open, how === "COMMIT" ? "done" : "refused", atWork);
  await quieten(bench);
  await look(bench);
}

function tell(bench: Bench, { deed, record }: OpenDeed, result: DeedResult, canStay: boolean): void {
  const words = `a shopper ${VERBS[deed]} ${nameRecord(record.index)}`;
  if (result === "refused") bench.story.push(`${words} in vain`);
  else bench.story.push(canStay ? `${words} and has not committed yet` : words);
}

const VERBS: Readonly<Record<ShopperDeed, string>> = { order: "orders", remove: "deletes", hold: "locks" };

function note(bench: Bench, { deed, record }: OpenDeed, result: DeedResult, atWork: readonly Flight[]): void {
  if (deed === "order" && result === "done") noteOrder(bench, record.index, atWork);
  bench.model = withChange(bench.model, record.index, changeBy(deed, result));
}

function changeBy(deed: ShopperDeed, result: DeedResult) {
  if (result === "refused") return {};
  switch (deed) {
    case "order":
      return { isOrdered: true };
    case "remove":
      return { isPresent: false };
    case "hold":
      return {};
  }
}
