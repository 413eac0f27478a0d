import { readConfig } from "@bulk/service/read-config";
import { program } from "commander";
import { localConfig } from "./config.ts";
import { joinEngines, migrateEngines } from "./engines.ts";
import { runCommand } from "./run-command.ts";

program
  .name("pnpm migrate")
  .description(
    "Brings the database up to date: DATABASE_URL, or the embedded server when it is unset. " +
      "Safe to run again and at the same time from several places.",
  )
  .action(async () => {
    const engines = await joinEngines(readConfig(localConfig, process.env));
    try {
      const applied = await migrateEngines(engines);
      for (const name of applied) console.log(`Applied ${name}`);
      if (applied.length === 0) console.log("Nothing to do: the database is up to date.");
    } finally {
      await engines.close();
    }
  });

await runCommand(program);
