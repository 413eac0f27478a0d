import { readConfig } from "@bulk/service/read-config";
import { createMigration } from "@bulk/store/migration/create-migration";
import { program } from "commander";
import { localConfig } from "./config.ts";
import { joinEngines } from "./engines.ts";
import { runCommand } from "./run-command.ts";

program
  .name("pnpm migrate:create")
  .description("Writes the next migration: what prisma/schema.prisma has that prisma/migrations has not.")
  .argument("<name>", "what it does, in snake_case, such as add_product_tags")
  .action(async (name: string) => {
    const engines = await joinEngines(readConfig(localConfig, process.env));
    try {
      const path = await createMigration(engines.databaseUrl, name);
      console.log(path === null ? "Nothing to do: schema and migrations agree." : `Wrote ${path}`);
    } finally {
      await engines.close();
    }
  });

await runCommand(program);
