import { effectWord } from "@bulk/domain/bulk-actions/record-effect";
import { knownActions } from "../known-actions.ts";

/** A result with its count of applied records under the word of its action: `deleted`. */
export function nameApplied<Result extends { readonly actionType: string; readonly applied: number }>({
  applied,
  ...rest
}: Result) {
  return { ...rest, [effectWord(knownActions(), rest.actionType)]: applied };
}
