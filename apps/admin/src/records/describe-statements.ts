import { composeStatement } from "@bulk/catalog/check/find-statement-faults";
import { compileRecords } from "@bulk/records/compile/compile-records";
import type { RecordsFile } from "@bulk/records/declaration/records-file";

/**
 * Formats the statement of each action of a file, as a worker executes it for a chunk, with its parameters. Leaves out those
 * that take others back, which depend on the tables as they are at that moment.
 */
export function describeStatements(file: RecordsFile): readonly string[] {
  const actions = compileRecords(file).filter(({ compose }) => compose === undefined);
  return actions.flatMap((action) => {
    const { text, values } = composeStatement(action);
    const parameters = values.map((value, index) => `--   $${index + 1} = ${JSON.stringify(value)}`);
    return [
      `-- ${action.type}: one chunk. The bulk action, its generation and the fingerprint ($…) differ from run to run.`,
      ...parameters,
      ...withoutMargin(text),
      "",
    ];
  });
}

function withoutMargin(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^ {4}/, "").trimEnd())
    .filter((line) => line !== "");
}
