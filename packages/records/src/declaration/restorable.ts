import type { ActionDeclaration, Step } from "./records-file.ts";
import { nameTarget } from "./tables.ts";

/** A step that marks rows and says how the marks are taken back. */
export type MarkingStep = Extract<Step, { readonly update: string }> & {
  readonly restore: NonNullable<Extract<Step, { readonly update: string }>["restore"]>;
};

/** Whether a step says how its marks are taken back. */
export function takesBackMarks(step: Step): step is MarkingStep {
  return "update" in step && step.restore !== undefined;
}

/** Whether an action can be taken back: it deletes its records, or says how their marks are taken back. */
export function isRestorable({ steps }: ActionDeclaration): boolean {
  return steps.some((step) => nameTarget(step) === "record" && ("delete" in step || takesBackMarks(step)));
}

/** The type of the action that takes another back. */
export function nameRestoration(
  type: string,
  { restored_by }: Pick<ActionDeclaration, "restored_by">,
): string {
  return restored_by ?? `restore_${type.replace(/^delete_/, "")}`;
}
