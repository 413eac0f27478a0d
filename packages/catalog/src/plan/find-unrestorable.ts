import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { nameTarget, tableOf } from "@bulk/records/declaration/tables";
import type { Reference } from "../reading/read-references.ts";
import type { TableModel } from "../reading/read-table.ts";

/** What a restore of deleted records would not bring back, a sentence each: what foreign keys do that no step names. */
export function findUnrestorable(
  { references }: Pick<TableModel, "references">,
  declaration: RecordDeclaration,
): readonly string[] {
  const steps = Object.values(declaration.actions).flatMap((action) => action.steps);
  if (!steps.some((step) => "delete" in step && step.delete === "record")) return [];
  const named = steps.flatMap((step) => tableOf(declaration, nameTarget(step)) ?? []);
  return references.flatMap((reference) => {
    const isNamed = named.some(
      ({ schema, table }) => schema === reference.schema && table === reference.table,
    );
    const loss = LOSSES[reference.rule];
    return isNamed || loss === undefined ? [] : [describe(reference, loss)];
  });
}

const LOSSES: Partial<Readonly<Record<Reference["rule"], string>>> = {
  CASCADE: "its rows, which the foreign key deletes; a step that deletes them would keep them",
  "SET NULL": "its references, which the foreign key sets to null; a step that does so would keep them",
  "SET DEFAULT": "its references, which the foreign key sets to their default",
};

function describe({ quoted, columns }: Reference, loss: string): string {
  return `${quoted} (${columns.join(", ")}): ${loss}`;
}
