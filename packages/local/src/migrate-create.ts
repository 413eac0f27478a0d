import { createMigration } from "@bulk/migration/create-migration";
import { commandLine, ENGINE_VARIABLES } from "@bulk/service/process/command-line";
import { runCommand } from "./commands/run-command.ts";
import { readLocalConfig } from "./config.ts";
import { joinEngines } from "./stack/engines.ts";

const program = commandLine({
  name: "pnpm migrate:create",
  description:
    "Writes the next migration: the difference between prisma/migrations and prisma/schema.prisma.",
  variables: ENGINE_VARIABLES,
  example: "pnpm migrate:create add_product_tags",
})
  .argument("<name>", "the name of the migration, in snake_case, such as add_product_tags")
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
