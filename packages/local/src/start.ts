import { readConfig } from "@bulk/service/read-config";
import { runService } from "@bulk/service/run-service";
import { localConfig } from "./config.ts";
import { migrateEngines, ownEngines } from "./engines.ts";
import { startStack } from "./stack.ts";
import { findStackEnvironment } from "./webhook-key.ts";

await runService(async () => {
  const config = readConfig(localConfig, process.env);
  const engines = await ownEngines(config);
  try {
    await migrateEngines(engines);
    const environment = await findStackEnvironment(config, process.env);
    const stack = await startStack({ engines, environment, logDirectory: undefined });
    console.log(`API        http://${config.HOST}:${config.PORT}/v1/bulk_actions`);
    console.log(`Reference  http://${config.HOST}:${config.PORT}/docs`);
    console.log(`Dashboard  http://127.0.0.1:${config.OPS_PORT}/dashboard`);
    console.log("A token and records to try it on: pnpm seed --help. Ctrl-C stops everything.");
    return {
      failed: stack.failed,
      async stop() {
        await stack.stop();
        await engines.close();
      },
    };
  } catch (error) {
    await engines.close();
    throw error;
  }
});
