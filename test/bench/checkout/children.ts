import { type Program, startProgram } from "../../support/program.ts";
import type { BenchEngines } from "../engines.ts";
import type { BenchShop } from "../shop.ts";
import type { Observation } from "./observer.ts";
import type { Checkout } from "./shop-load.ts";

/** The shop's load: connected, and silent until it is opened. */
export type ShopLoad = AsyncDisposable & {
  open(): void;
  /** Ends the load; every checkout since it was opened. */
  close(): Promise<readonly Checkout[]>;
};

/** Starts the shop's load, with these products on its order lines. */
export async function startShopLoad(
  { databaseUrl }: BenchEngines,
  { accountId }: BenchShop,
  { perSecond, productIds }: { readonly perSecond: number; readonly productIds: readonly string[] },
): Promise<ShopLoad> {
  const program = startProgram("test/bench/checkout/shop-load.ts", {
    ...{ DATABASE_URL: databaseUrl, ACCOUNT_ID: accountId },
    ...{ PER_SECOND: String(perSecond), PRODUCT_IDS: productIds.join(",") },
  });
  await program.says(/shop is ready/);
  return {
    open: () => program.kill("SIGUSR2"),
    close: () => endAndRead<readonly Checkout[]>(program),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Starts what watches the bulk action; `end` answers with what it saw. */
export async function startObserver({
  databaseUrl,
}: BenchEngines): Promise<AsyncDisposable & { end(): Promise<Observation> }> {
  const program = startProgram("test/bench/checkout/observer.ts", { DATABASE_URL: databaseUrl });
  await program.says(/observer is ready/);
  return {
    end: () => endAndRead<Observation>(program),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

async function endAndRead<T>(program: Program): Promise<T> {
  program.kill("SIGTERM");
  const { code } = await program.exited();
  const line = program.output().trimEnd().split("\n").at(-1);
  if (code !== 0 || line === undefined) throw new Error(program.output());
  return JSON.parse(line) as T;
}
