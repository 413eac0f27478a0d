import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { counted } from "@bulk/domain/counted";
import { commandLine, ENGINE_VARIABLES } from "@bulk/service/process/command-line";
import { writePrivateFile } from "@bulk/service/process/write-private-file";
import { InvalidArgumentError } from "commander";
import { runCommand } from "./commands/run-command.ts";
import { readLocalConfig } from "./config.ts";
import { fillShop } from "./fill-shop.ts";
import { createSampleShop } from "./sample-shop/create-sample-shop.ts";
import { joinEngines, migrateEngines } from "./stack/engines.ts";

type SeedOptions = {
  readonly account: string;
  readonly products: number;
  readonly customers: number;
  readonly inUse: number;
  readonly out?: string;
  readonly tablesOnly?: true;
};

const program = commandLine({
  name: "pnpm seed",
  description:
    "Adds sample records to an account in the database (DATABASE_URL, or the embedded server if unset) and creates a token.",
  variables: ENGINE_VARIABLES,
  example: "pnpm seed --account shop --products 1000 --in-use 2 --out .data/shop.json",
})
  .option("--account <name>", "the account; created if it does not exist", "demo")
  .option("--products <number>", "how many products to add", parseCount, 1_000)
  .option("--customers <number>", "how many customers to add", parseCount, 1_000)
  .option("--in-use <number>", "how many of these products are on an order line", parseCount, 0)
  .option("--tables-only", "create the tables of the sample shop if they are missing, and add nothing")
  .option(
    "--out <file>",
    "write the result to this file as JSON: account_id, token, product_ids (all that were added), " +
      "in_use_product_ids (those of them in use), customer_ids",
  )
  .action(async (options: SeedOptions) => {
    if (options.inUse > options.products) {
      program.error("error: --in-use cannot be more than --products");
    }
    const engines = await joinEngines(readLocalConfig(process.env));
    try {
      await migrateEngines(engines);
      await createSampleShop(engines.databaseUrl);
      if (options.tablesOnly) {
        console.log(
          "The tables of the sample shop exist: customers, products, orders and line_items in public.",
        );
        return;
      }
      const shop = await fillShop(engines.databaseUrl, options.account, options);
      console.log(
        `Added ${counted(options.products, "product")} (${options.inUse} in use) and ${counted(options.customers, "customer")} ` +
          `to the account ${options.account} (${shop.accountId}).`,
      );
      if (options.out === undefined) console.log(`Token: ${shop.token}`);
      else await writeResult(options.out, shop);
    } finally {
      await engines.close();
    }
  });

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > 10_000_000) {
    throw new InvalidArgumentError("It must be a whole number up to 10000000.");
  }
  return count;
}

async function writeResult(file: string, shop: Awaited<ReturnType<typeof fillShop>>): Promise<void> {
  const result = {
    account_id: shop.accountId,
    token: shop.token,
    product_ids: shop.productIds,
    in_use_product_ids: shop.inUseProductIds,
    customer_ids: shop.customerIds,
  };
  await mkdir(dirname(file), { recursive: true });
  // It contains a secret.
  await writePrivateFile(file, `${JSON.stringify(result)}\n`);
  console.log(`Wrote the token and the ids to ${file}.`);
}

await runCommand(program);
