import { commandLine, ENGINE_VARIABLES } from "@bulk/service/process/command-line";
import { runService } from "@bulk/service/process/run-service";
import { readLocalConfig } from "./config.ts";
import { createSampleShop } from "./sample-shop/create-sample-shop.ts";
import { migrateEngines, ownEngines } from "./stack/engines.ts";
import { startStack } from "./stack/stack.ts";
import { findStackEnvironment } from "./stack/webhook-key.ts";

commandLine({
  name: "pnpm start",
  description:
    "Migrates the database, then starts one API and one worker and keeps them running until Ctrl-C or SIGTERM. " +
    "For production, run pnpm migrate, start:api and start:worker.",
  variables: {
    ...ENGINE_VARIABLES,
    REDIS_URL: "Redis or Valkey for the queue; unset: the queue is in the database",
    PORT: "port of the API (3000)",
  },
  example: "PORT=8080 pnpm start",
}).parse();

await runService(async () => {
  const config = readLocalConfig(process.env);
  const engines = await ownEngines(config);
  try {
    await migrateEngines(engines);
    // In a database of somebody's own, the records are theirs.
    if (config.DATABASE_URL === undefined) await createSampleShop(engines.databaseUrl);
    const environment = await findStackEnvironment(config, process.env);
    const stack = await startStack({ engines, environment, logDirectory: undefined });
    console.log(`Console    http://127.0.0.1:${config.OPS_PORT}/console`);
    console.log(`API        http://${config.HOST}:${config.PORT}/v1/bulk_actions`);
    console.log(`Reference  http://${config.HOST}:${config.PORT}/docs`);
    console.log("For a token and sample records: pnpm seed --help. Ctrl-C stops everything.");
    return {
      failed: stack.failed,
      async stop() {
        console.log("Stopping …");
        await stack.stop();
        await engines.close();
        console.log("Everything is stopped.");
      },
    };
  } catch (error) {
    await engines.close();
    throw error;
  }
});
