import { commandLine, ENGINE_VARIABLES } from "@bulk/service/command-line";
import { createMigration } from "@bulk/store/migration/create-migration";
import { readLocalConfig } from "./config.ts";
import { joinEngines } from "./engines.ts";
import { runCommand } from "./run-command.ts";

const program = commandLine({
  name: "pnpm migrate:create",
  description: "Writes the next migration: what prisma/schema.prisma has that prisma/migrations has not.",
  variables: ENGINE_VARIABLES,
  example: "pnpm migrate:create add_product_tags",
})
  .argument("<name>", "what it does, in snake_case, such as add_product_tags")
  .action(async (name: string) => {
    const engines = await joinEngines(readLocalConfig(process.env));
    try {
      const path = await createMigration(engines.databaseUrl, name);
      console.log(path === null ? "Nothing to do: schema and migrations agree." : `Wrote ${path}`);
    } finally {
      await engines.close();
    }
  });

await runCommand(program);
