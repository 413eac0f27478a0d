import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import type { Queryable } from "@bulk/store/database";
import { quoteName } from "../expected/list-expectations.ts";
import { readCatalogs, type TableChange } from "../expected/read-catalogs.ts";
import type { MarkChoice } from "../guesses/choose-mark.ts";
import type { KeyGuess } from "../guesses/guess-key.ts";
import type { TableModel } from "../reading/read-table.ts";
import { type ProtectingColumn, proposeDeletion } from "./propose-deletion.ts";
import { proposeMarking } from "./propose-marking.ts";

/** Everything that a declaration says, chosen. */
export type Chosen = {
  readonly record: string;
  readonly actionType: string;
  readonly key: Extract<KeyGuess, { readonly kind: "found" }>;
  readonly account: RecordDeclaration["account"];
  readonly mark: Exclude<MarkChoice, { readonly kind: "refused" }>;
  readonly protecting: readonly ProtectingColumn[];
  readonly mayCascadeTo: readonly string[];
};

/** Writes the declaration of a record with one action, and the foreign keys and triggers that it expects. */
export async function proposeRecord(
  database: Queryable,
  table: TableModel,
  chosen: Chosen,
): Promise<RecordDeclaration> {
  const { actionType, key, account, mark, mayCascadeTo } = chosen;
  const removal =
    mark.kind === "column"
      ? await proposeMarking(database, table, mark.column)
      : proposeDeletion(table, chosen.record, chosen.protecting);
  const { related, steps } = removal;
  const expects = (await readCatalogs(database, listChanges(table, actionType, removal))).get(actionType);
  const action = {
    effect: "deleted",
    steps,
    ...("protections" in removal && { protections: removal.protections ?? [] }),
    ...(mayCascadeTo.length > 0 && { may_cascade_to: [...mayCascadeTo] }),
    expects: [...(expects?.lines ?? [])],
  };
  return {
    schema: table.schema,
    table: table.name,
    key: { column: key.column, type: key.type },
    account,
    ...("alive" in removal && { alive: removal.alive }),
    ...(Object.keys(related).length > 0 && { related }),
    actions: { [actionType]: action },
  };
}

function listChanges(
  table: TableModel,
  actionType: string,
  { related, steps }: Pick<Awaited<ReturnType<typeof proposeMarking>>, "related" | "steps">,
): readonly TableChange[] {
  return steps.map((step) => {
    const target = "delete" in step ? step.delete : step.update;
    const rows = related[target];
    const name =
      rows === undefined
        ? table.quoted
        : quoteName({ schema: rows.schema ?? table.schema, table: rows.table });
    return { actionType, table: name, change: "delete" in step ? "delete" : "update" };
  });
}
