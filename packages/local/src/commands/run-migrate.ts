import { commandLine, ENGINE_VARIABLES } from "@bulk/service/process/command-line";
import { readLocalConfig } from "../config.ts";
import { joinEngines, migrateEngines } from "../stack/engines.ts";
import { runCommand } from "./run-command.ts";

/** Runs `pnpm migrate` as this process. */
export async function runMigrate(): Promise<void> {
  const program = commandLine({
    name: "pnpm migrate",
    description:
      "Creates or updates the service's tables, in the database of DATABASE_URL, or in the embedded server when it is " +
      "unset. Changes nothing outside the schemas bulk and bullmq, so the database may have tables of its own. Safe to " +
      "run again, and from several places at the same time.",
    variables: ENGINE_VARIABLES,
    example: "DATABASE_URL=postgres://owner:password@127.0.0.1:5432/shop pnpm migrate",
  }).action(migrateAndReport);
  await runCommand(program);
}

async function migrateAndReport(): Promise<void> {
  const engines = await joinEngines(readLocalConfig(process.env));
  try {
    const applied = await migrateEngines(engines, reportMove);
    for (const name of applied) console.log(`Applied ${name}`);
    if (applied.length === 0) console.log("No migration is missing: the database is up to date.");
    const schemas = engines.queue.redis === undefined ? "schemas bulk and bullmq" : "schema bulk";
    console.log(`Nothing outside the ${schemas} was created or changed.`);
  } finally {
    await engines.close();
  }
}

function reportMove(from: string): void {
  console.log(
    `Moved the service's tables from the schema ${from} to the schema bulk; customers, products, orders and line_items ` +
      `stay in ${from}. If API and workers have a role of their own, grant its rights again: pnpm admin grants.`,
  );
}
