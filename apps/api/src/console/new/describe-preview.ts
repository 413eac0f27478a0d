import { UNKNOWN_EFFECT } from "@bulk/domain/bulk-actions/record-effect";
import type { Account } from "@bulk/store/accounts/accounts";
import type { WirePreview } from "@bulk/wire/preview";
import { countRestoreDays } from "../../bulk-actions/creation.ts";
import type { View } from "../../bulk-actions/view.ts";
import type { ConsoleContext } from "../context.ts";
import { inWords } from "../render/words.ts";

/** As many ids as show which records are meant. */
export const MOST_SAMPLE = 10;

/** The console redirects to the page of the new bulk action, which reads its ids if it shows them. */
export const NO_IDS: View = { fields: ["id"] };

/** A bulk action that waits for its confirmation. */
export type Unconfirmed = {
  readonly account: Account;
  readonly isRestorable: boolean;
  readonly preview: WirePreview;
  /** Some of the ids. */
  readonly sample: readonly string[];
  /** The number of ids or matches, which confirms it. */
  readonly count: number;
  /** How many ids the preview is about: of a long file only the first ones. */
  readonly previewed: number;
};

/** Describes a preview and what follows from it. */
export function describePreview(
  { isRestorable, ...unconfirmed }: Unconfirmed,
  { api }: Pick<ConsoleContext, "api">,
) {
  const actionType = unconfirmed.preview.action_type;
  const { effect = UNKNOWN_EFFECT, change } = api.registry.get(actionType) ?? {};
  const days = isRestorable ? countRestoreDays(actionType, api) : 0;
  const isRemoval = change?.kind === "delete";
  const what = isRemoval ? "What is removed" : "What is changed";
  return {
    ...{ ...unconfirmed, isRestorable, actionType },
    label: inWords(actionType),
    effect: inWords(effect),
    isRemoval,
    fate:
      days === 0
        ? "It cannot be taken back."
        : `${what} is kept for ${days} ${days === 1 ? "day" : "days"}. Until then the bulk action can be restored.`,
  };
}
