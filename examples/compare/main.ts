import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownEmbeddedPostgres } from "@bulk/local/postgres/embedded-postgres";
import { commandLine } from "@bulk/service/process/command-line";
import { Argument } from "commander";
import { compareShop } from "./compare-shop.ts";
import { openDatabases } from "./databases.ts";
import type { ShopName } from "./inside/main.ts";
import { installShop } from "./own-shop.ts";
import { report, reportRefused } from "./report.ts";
import { SHOPS, type Shop } from "./shops.ts";

const command = commandLine({
  name: "pnpm compare",
  description:
    "Installs a real shop from npm, fills it, deletes the same 100 products and 100 customers once by the shop's own code " +
    "and once by the service on a copy, and compares every table. Exits with 1 unless the differences are exactly those " +
    "that the page of the example tells.",
  variables: {},
  example: "pnpm compare evershop",
})
  .addArgument(new Argument("<shop>").choices(Object.keys(SHOPS)))
  .option(
    "--folder <folder>",
    "where the shop and PostgreSQL are kept; a second run there neither installs nor fills the shop again (default: a new temporary folder)",
  )
  .option(
    "--postgres <url>",
    "a superuser's URL to a PostgreSQL where databases may be created (default: the embedded one)",
  )
  .parse();

const shop = SHOPS[command.args[0] as ShopName];
process.exit((await compare(shop, command.opts())) ? 0 : 1);

type Options = { readonly folder?: string; readonly postgres?: string };

async function compare(shop: Shop, options: Options): Promise<boolean> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "bulk-compare-")));
  const shopFolder = join(folder, shop.name);
  console.log(`Installing ${shop.packages.join(", ")} into ${shopFolder} …`);
  await installShop(shop, shopFolder);
  const server =
    options.postgres === undefined ? await ownEmbeddedPostgres(join(folder, "postgres")) : undefined;
  try {
    const databases = openDatabases(server?.url ?? options.postgres ?? "");
    const { refused, skipped, comparisons } = await compareShop(shop, databases, shopFolder);
    const isRight = [report(shop, comparisons), reportRefused(shop, refused, skipped)].every(Boolean);
    console.log(isRight ? "\nThe example tells the truth." : "\nThe example must be corrected.");
    return isRight;
  } finally {
    await server?.close();
  }
}
