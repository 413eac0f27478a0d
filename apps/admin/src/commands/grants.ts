import { localConfig } from "@bulk/local/config";
import { queueEngine } from "@bulk/queue/engines/engine";
import { writeQueueGrants } from "@bulk/queue/engines/write-queue-grants";
import { readConfig } from "@bulk/service/config/read-config";
import { quoteIdentifier } from "@bulk/store/quote-identifier";
import { writeGrants } from "@bulk/store/rights/grant-script";
import { mergeRights, OPERATOR_RIGHTS } from "@bulk/store/rights/needed-rights";
import { type Command, Option } from "commander";
import { surveyActions } from "../doctor/check-rights.ts";
import { knownActions } from "../known-actions.ts";
import { print } from "../output/print.ts";
import { withSession } from "../session.ts";

type GrantsOptions = {
  readonly role: string;
  readonly for: "services" | "operators" | "migration";
  readonly apply?: true;
};

/** `pnpm admin grants`. Without `--apply` it only prints. */
export function addGrantsCommand(program: Command): void {
  program
    .command("grants")
    .description(
      "print the GRANTs that a role needs; the owner of the tables runs them after each pnpm migrate: " +
        "pnpm -s admin grants --role … | psql …",
    )
    .requiredOption("--role <name>", "the role that gets them")
    .addOption(
      new Option(
        "--for <whom>",
        "services: API and workers; operators: pnpm admin as well; migration: pnpm migrate",
      )
        .choices(["services", "operators", "migration"])
        .default("services"),
    )
    .option("--apply", "run them in the database of DATABASE_URL instead of printing them")
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
  if (options.for === "migration") return [grantCreate(options.role, DATABASE_URL)];
  const rights = options.for === "services" ? {} : OPERATOR_RIGHTS;
  return [
    ...writeGrants({
      role: options.role,
      rights: mergeRights(surveyActions(knownActions()).rights, rights),
    }),
    ...(redis === undefined ? writeQueueGrants(quoteIdentifier(options.role)) : []),
  ];
}

// For the schemas bulk and bullmq. What it creates there is its own.
function grantCreate(role: string, databaseUrl: string): string {
  const database = decodeURIComponent(new URL(databaseUrl).pathname.slice(1)) || "postgres";
  return `GRANT CREATE ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(role)};`;
}
