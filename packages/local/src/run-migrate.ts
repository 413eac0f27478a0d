import { commandLine, ENGINE_VARIABLES } from "@bulk/service/command-line";
import { readLocalConfig } from "./config.ts";
import { joinEngines, migrateEngines } from "./engines.ts";
import { runCommand } from "./run-command.ts";

/** Runs `pnpm migrate` as this process. */
export async function runMigrate(): Promise<void> {
  const program = commandLine({
    name: "pnpm migrate",
    description:
      "Brings the database up to date: DATABASE_URL, or the embedded server when it is unset. " +
      "Safe to run again and at the same time from several places.",
    variables: ENGINE_VARIABLES,
    example: "DATABASE_URL=postgres://owner:password@127.0.0.1:5432/shop pnpm migrate",
  }).action(migrateAndTell);
  await runCommand(program);
}

async function migrateAndTell(): Promise<void> {
  const engines = await joinEngines(readLocalConfig(process.env));
  try {
    const applied = await migrateEngines(engines);
    for (const name of applied) console.log(`Applied ${name}`);
    if (applied.length === 0) console.log("No migration is missing: the database is up to date.");
  } finally {
    await engines.close();
  }
}
