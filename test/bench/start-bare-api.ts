import { findFreePort } from "@bulk/local/stack/free-port";
import { type Client, createClient } from "../support/client.ts";
import { startProgram } from "../support/program.ts";
import type { BenchEngines } from "./engines.ts";
import type { BenchShop } from "./shop.ts";

/** Starts the bare handler for one account; with a contestant's name it also adds that one's jobs. */
export async function startBareApi(
  { databaseUrl, redis }: BenchEngines,
  { accountId }: Pick<BenchShop, "accountId">,
  ...contestant: readonly string[]
): Promise<AsyncDisposable & Client & { readonly url: string }> {
  const port = await findFreePort(0);
  const environment = { DATABASE_URL: databaseUrl, PORT: String(port), ACCOUNT_ID: accountId };
  const program = startProgram(
    "test/bench/bare-api.ts",
    { ...environment, ...(redis && { REDIS_URL: redis.url }) },
    contestant,
  );
  await program.says(/bare api is listening/);
  const url = `http://127.0.0.1:${port}`;
  return { ...createClient(url, fetch), url, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}
