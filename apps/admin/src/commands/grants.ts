import { localConfig } from "@bulk/local/config";
import { readSchema } from "@bulk/postgres/connection-url";
import { queueEngine } from "@bulk/queue/engine";
import { writeQueueGrants } from "@bulk/queue/write-queue-grants";
import { readConfig } from "@bulk/service/read-config";
import { quoteIdentifier, writeGrants } from "@bulk/store/grant-script";
import { mergeRights, OPERATOR_RIGHTS } from "@bulk/store/needed-rights";
import { type Command, Option } from "commander";
import { NEEDED_TABLE_RIGHTS } from "../doctor/needed-rights.ts";
import { print } from "../print.ts";
import { withSession } from "../session.ts";

type GrantsOptions = {
  readonly role: string;
  readonly for: "services" | "operators";
  readonly apply?: true;
};

/** `pnpm admin grants`; prints, and changes nothing without `--apply`. */
export function addGrantsCommand(program: Command): void {
  program
    .command("grants")
    .description(
      "prints the GRANTs that a role needs, for the owner of the tables to run: pnpm -s admin grants --role … | psql …; " +
        "again after every pnpm migrate",
    )
    .requiredOption("--role <name>", "who gets them")
    .addOption(
      new Option("--for <whom>", "API and workers, or pnpm admin as well")
        .choices(["services", "operators"])
        .default("services"),
    )
    .option("--apply", "runs them in the database of DATABASE_URL as its user, instead of printing them")
    .action(async (options: GrantsOptions) => {
      const statements = listGrants(options);
      if (options.apply) await runAll(statements);
      print({}, [], options.apply ? [`Granted: ${options.role} has all rights it needs.`] : statements);
    });
}

// All of them, or none.
async function runAll(statements: readonly string[]): Promise<void> {
  await withSession(({ database }) =>
    database.$transaction(statements.map((statement) => database.$executeRawUnsafe(statement))),
  );
}

function listGrants(options: GrantsOptions): readonly string[] {
  const { DATABASE_URL = "postgres://", ...variables } = readConfig(localConfig, process.env);
  const { redis } = queueEngine({ ...variables, DATABASE_URL });
  const rights = options.for === "services" ? {} : OPERATOR_RIGHTS;
  return [
    ...writeGrants({
      ...{ role: options.role, schema: readSchema(DATABASE_URL) },
      rights: mergeRights(NEEDED_TABLE_RIGHTS, rights),
    }),
    ...(redis === undefined ? writeQueueGrants(quoteIdentifier(options.role)) : []),
  ];
}
