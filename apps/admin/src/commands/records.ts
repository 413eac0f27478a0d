import { describeMeasurement } from "@bulk/catalog/measure/describe-measurement";
import { measureRemoval } from "@bulk/catalog/measure/measure-removal";
import { describePlan } from "@bulk/catalog/plan/describe-plan";
import { type Plan, type PlanWishes, planRecord } from "@bulk/catalog/plan/plan-record";
import { writeJson } from "@bulk/catalog/plan/write-json";
import { type FoundTable, findTables } from "@bulk/catalog/reading/find-tables";
import { readTable } from "@bulk/catalog/reading/read-table";
import { RequestError } from "@bulk/domain/errors/request-error";
import { loadRecords } from "@bulk/records/declaration/load-records";
import { openRecords } from "@bulk/records/open-records";
import { readConfig } from "@bulk/service/config/read-config";
import { recordsConfig } from "@bulk/service/config/records-config";
import type { Database, Queryable } from "@bulk/store/database";
import type { Command } from "commander";
import { type OutputOptions, print } from "../output/print.ts";
import { checkFile } from "../records/check-file.ts";
import { describeStatements } from "../records/describe-statements.ts";
import { loadRecordsPath } from "../records/load-records-path.ts";
import { mergeRecord } from "../records/merge-record.ts";
import { withSession } from "../session.ts";

/** `pnpm admin records …` */
export function addRecordsCommands(program: Command): void {
  const records = program
    .command("records")
    .description("look at the host's tables, and declare which of their rows bulk actions may change");
  records
    .command("plan")
    .description(
      "print what deleting a row of a table does, whether bulk actions can serve the table, and the declaration; " +
        "changes nothing in the database",
    )
    .argument("<table>", "the table as the database spells it: product, or shop.product")
    .option("--record <name>", "the record's name in the singular")
    .option("--action-type <type>", "the action's name in the API")
    .option("--key <column>", "the column whose values callers use as ids")
    .option("--account <column>", "the column of the account, table.column of a join table, or none")
    .option("--mark <column>", "mark this moment in place of deleting the row; none: delete it")
    .option("--protect <column...>", "columns without a foreign key that protect a record: table.column", [])
    .option(
      "--may-cascade-to <table...>",
      "tables of orders that ON DELETE CASCADE may reach: schema.table",
      [],
    )
    .option(
      "--measure",
      "remove 1,000 records in a transaction that is rolled back, and print what takes how long",
    )
    .option("--write", "write the declaration into the file that RECORDS names, beside what is there")
    .option("--replace", "with --write: replace the record of this name")
    .option("--json", "print JSON")
    .action(plan);
  records
    .command("show")
    .description("print the statements that workers execute for the actions of the file that RECORDS names")
    .action(() =>
      print(
        {},
        [],
        describeStatements(openRecords(readConfig(recordsConfig, process.env).RECORDS).declaration),
      ),
    );
  records
    .command("check")
    .description(
      "compare the file that RECORDS names with the database, and print how to end each difference",
    )
    .option("--json", "print JSON: an array of objects with kind, place, found, cure")
    .action(check);
}

type PlanOptions = OutputOptions &
  PlanWishes & {
    readonly sql?: true;
    readonly measure?: true;
    readonly write?: true;
    readonly replace?: true;
  };

async function plan(name: string, options: PlanOptions): Promise<void> {
  const { found, measured } = await withSession(async ({ database }) => {
    const table = await readTable(database, await loadTable(database, name));
    const found = await planRecord(database, table, options);
    return { found, measured: options.measure ? await measure(database, found) : [] };
  });
  const written = options.write ? await write(found, options.replace === true) : [];
  print(options, found, [
    ...describePlan(found),
    ...describeDeclaration(found),
    ...(options.sql ? writeStatements(found) : []),
    ...measured,
    ...written,
  ]);
  if (found.refusals.length > 0) process.exitCode = 1;
}

async function measure(database: Database, { declaration }: Plan): Promise<readonly string[]> {
  const [actionType] = Object.keys(declaration?.actions ?? {});
  if (declaration === undefined || actionType === undefined) return [];
  return ["", ...describeMeasurement(await measureRemoval(database, declaration, actionType))];
}

function describeDeclaration({ record, declaration }: Plan): readonly string[] {
  if (declaration === undefined) return [];
  return ["", "The declaration:", ...writeJson({ [record]: declaration }).split("\n")];
}

function writeStatements({ record, declaration }: Plan): readonly string[] {
  return declaration === undefined ? [] : ["", ...describeStatements({ records: { [record]: declaration } })];
}

async function write({ record: name, declaration }: Plan, replaces: boolean): Promise<readonly string[]> {
  if (declaration === undefined) return ["", "Nothing was written."];
  const path = loadRecordsPath();
  await mergeRecord(path, { name, declaration, replaces });
  return ["", `Written into ${path}. Read it, then restart the API and the workers.`];
}

async function check(options: OutputOptions): Promise<void> {
  const path = loadRecordsPath();
  const file = loadRecords(path);
  const differences = await withSession(({ database }) => checkFile(database, file));
  print(
    options,
    differences,
    differences.length === 0
      ? [`${path} and the database agree.`]
      : differences.flatMap(({ place, found, cure }) => [`${place}: ${found}`, `  ${cure}`]),
  );
  if (differences.length > 0) process.exitCode = 1;
}

async function loadTable(database: Queryable, written: string): Promise<FoundTable> {
  const dot = written.indexOf(".");
  const named = await findTables(database, { schema: undefined, name: written });
  const found =
    named.length === 0 && dot > 0
      ? await findTables(database, { schema: written.slice(0, dot), name: written.slice(dot + 1) })
      : named;
  const [table, ...others] = found;
  if (table === undefined) {
    const message = `There is no table ${written}. Write it as the database spells it, without quotes: product, or shop.product.`;
    throw new RequestError("not_found", "table.not_found", message);
  }
  if (others.length > 0) {
    const places = found.map(({ schema }) => `${schema}.${written}`).join(", ");
    throw new RequestError("conflict", "table.ambiguous", `There are several: write one of ${places}.`);
  }
  return table;
}
