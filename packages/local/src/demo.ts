import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { readConfig } from "@bulk/service/config/read-config";
import { commandLine } from "@bulk/service/process/command-line";
import { runService, type Service } from "@bulk/service/process/run-service";
import { writePrivateFile } from "@bulk/service/process/write-private-file";
import { type DemoAction, runDemoAction } from "./commands/demo-action.ts";
import { localConfig } from "./config.ts";
import { type FilledShop, fillShop } from "./fill-shop.ts";
import { createSampleShop } from "./sample-shop/create-sample-shop.ts";
import { type Engines, migrateEngines, ownEngines } from "./stack/engines.ts";
import { findFreePort } from "./stack/free-port.ts";
import { startStack } from "./stack/stack.ts";
import { withWebhookKey } from "./stack/webhook-key.ts";

const { exit } = commandLine({
  name: "pnpm demo",
  description:
    "Starts everything on embedded engines (nothing to install or configure), deletes 50,000 products of " +
    "a sample shop with one bulk action over HTTP, and keeps running until Ctrl-C.",
  variables: { DATA_DIR: "where the embedded server, a token and logs are kept (.data)" },
  example: "pnpm demo --exit",
})
  .option(
    "--exit",
    "stop after the bulk action; exit with 0 only if every product was deleted except the 250 on order lines",
    false,
  )
  .parse()
  .opts<{ exit: boolean }>();

await runService(async () => {
  const { DATA_DIR } = readConfig(localConfig, { DATA_DIR: process.env["DATA_DIR"] });
  console.log(`Starting PostgreSQL 18 under ${DATA_DIR} …`);
  // Always the embedded server: a demo must not delete anything elsewhere.
  const engines = await ownEngines({ ...readConfig(localConfig, { DATA_DIR }) });
  try {
    return await runDemo(engines, DATA_DIR);
  } catch (error) {
    await engines.close();
    throw error;
  }
});

async function runDemo(engines: Engines, dataDirectory: string): Promise<Service> {
  await migrateEngines(engines);
  await createSampleShop(engines.databaseUrl);
  console.log("Filling a shop: 60,000 products, 250 of them on order lines …");
  const shop = await fillShop(engines.databaseUrl, "demo", {
    products: 60_000,
    customers: 1_000,
    inUse: 250,
  });
  await writePrivateFile(join(dataDirectory, "demo-token"), `${shop.token}\n`);
  const ports = {
    PORT: await findFreePort(3000),
    OPS_PORT: await findFreePort(3001),
    WORKER_OPS_PORT: await findFreePort(3002),
  };
  const apiUrl = `http://127.0.0.1:${ports.PORT}`;
  const stack = await startStack({
    engines,
    environment: {
      ...(await withWebhookKey(process.env, dataDirectory)),
      ...toText(ports),
      HOST: "127.0.0.1",
      OPS_HOST: "127.0.0.1",
    },
    logDirectory: dataDirectory,
  });
  async function stop(): Promise<void> {
    console.log("\nStopping …");
    await stack.stop();
    await engines.close();
    console.log("Everything is stopped. pnpm start runs it again, with the same shop and token.");
  }
  const consoleUrl = `http://127.0.0.1:${ports.OPS_PORT}/console`;
  console.log(`\nConsole    ${consoleUrl}\n`);
  const unknownIds = Array.from({ length: 25 }, () => randomUUID());
  const recordIds = [...shop.productIds.slice(0, 50_000), ...unknownIds];
  console.log(`Deleting ${recordIds.length} products through ${apiUrl} (25 of the ids do not exist) …`);
  const action = await runDemoAction({ apiUrl, token: shop.token, recordIds });
  printResult(action, shop, apiUrl, consoleUrl, dataDirectory);
  if (exit) {
    await stop();
    process.exit(isAsPlanned(action, shop.inUseProductIds, unknownIds) ? 0 : 1);
  }
  console.log("\nEverything stays up. Ctrl-C stops it.");
  return { stop, failed: stack.failed };
}

/** Whether every product was deleted except those in use, and only unknown ids were not found. */
function isAsPlanned(
  { status, notDeleted }: DemoAction,
  inUseIds: readonly string[],
  unknownIds: readonly string[],
): boolean {
  const planned = { "record.in_use": inUseIds, "record.not_found": unknownIds };
  return (
    status === "completed" &&
    notDeleted.size === 2 &&
    Object.entries(planned).every(([code, ids]) => String(notDeleted.get(code)) === String(ids))
  );
}

function printResult(
  { id, status, tally, notDeleted, seconds }: DemoAction,
  shop: FilledShop,
  apiUrl: string,
  consoleUrl: string,
  dataDirectory: string,
): void {
  const why = [...notDeleted].map(([code, ids]) => `${ids.length} × ${code}`).join(", ");
  const [next] = shop.productIds.slice(-1);
  console.log(`
Bulk action ${id} ${status} in ${seconds.toFixed(1)} s
  deleted  ${tally.deleted}
  skipped  ${tally.skipped}  (${why})
  failed   ${tally.failed}

Retrieve it yourself:
  curl -s -w '\\n' -H 'Authorization: Bearer ${shop.token}' \\
    '${apiUrl}/v1/bulk_actions/${id}?fields=status,created_at,updated_at&expand%5B%5D=details'

Take it back:
  curl -s -w '\\n' -X POST -H 'Authorization: Bearer ${shop.token}' \\
    '${apiUrl}/v1/bulk_actions/${id}/restore?fields=id,action_type,status'

Delete one more product:
  curl -s -w '\\n' ${apiUrl}/v1/bulk_actions -H 'Authorization: Bearer ${shop.token}' \\
    -H 'Content-Type: application/json' \\
    -d '{"bulk_action":{"action_type":"delete_products","record_ids":["${next}"]}}'

Console    ${consoleUrl}
Reference  ${apiUrl}/docs
Logs       ${join(dataDirectory, "api.log")}, ${join(dataDirectory, "worker.log")}`);
}

function toText(ports: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
}
