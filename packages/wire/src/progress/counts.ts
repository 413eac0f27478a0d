import { nameTally, type Tally } from "@bulk/domain/bulk-actions/outcome";
import {
  effectWord,
  listEffects,
  type RecordEffects,
  UNKNOWN_EFFECT,
} from "@bulk/domain/bulk-actions/record-effect";
import { z } from "zod";

/** A number of things. */
export function countOf(description: string) {
  return z.int().nonnegative().meta({ description });
}

/** The number of records by outcome. An object has the key of one effect: that of its action. */
export function tally(effects: RecordEffects) {
  return {
    ...Object.fromEntries(listEffects(effects).map((effect) => [effect, appliedCount(effect)])),
    [UNKNOWN_EFFECT]: countOf(
      "Changed records, for an action type that this server does not know.",
    ).optional(),
    skipped: countOf("Records the action does not apply to."),
    failed: countOf("Records the action applies to, but which could not be changed."),
  };
}

function appliedCount(effect: string) {
  return countOf(
    `Records that were ${effect}. Always present for the action types that do this, absent for the others.`,
  ).optional();
}

/** Returns the counts of a bulk action under these keys. */
export function presentTally(bulkAction: Tally & { readonly actionType: string }, effects: RecordEffects) {
  return nameTally(bulkAction, effectWord(effects, bulkAction.actionType));
}
