/** What an action does to a record, in the words that outcomes, counts, events, metrics and texts use. */
export type RecordEffect = {
  /** What kind of record, in the singular: `product`. The first word of its events, and `object` in them. */
  readonly recordType: string;
  /** What an applied record has become, a past participle: `deleted`. The outcome, and the last word of its event. */
  readonly effect: string;
  readonly change: { readonly kind: "delete" | "update" | "insert" };
  /** The skip codes of this action beside `record.not_found` and `record.kept`, which every action has. */
  readonly skips: Readonly<Record<string, Skip>>;
};

/** What a skip code means. */
export type Skip = {
  /** In words, for people. */
  readonly message: string;
  /**
   * The record is already as the action leaves it. Like `record.not_found`, such a skip leaves nothing to do, so it
   * does not keep a bulk action from `succeeded`.
   */
  readonly isAlreadyDone?: true;
};

/** Effects by action type. */
export type RecordEffects = ReadonlyMap<string, RecordEffect>;

/** The word for the applied records of an action type that this version does not know, for example after a downgrade. */
export const UNKNOWN_EFFECT = "applied";

/** Returns the word for the applied records of an action type. */
export function effectWord(effects: RecordEffects, actionType: string): string {
  return effects.get(actionType)?.effect ?? UNKNOWN_EFFECT;
}

/**
 * The events about the records of an action. An update also sends the base contract's event for it: its clients
 * register `product.updated` and read the product again when they receive it (docs/decisions/039).
 */
export function recordEventsOf({
  recordType,
  effect,
  change,
}: Omit<RecordEffect, "skips">): readonly string[] {
  const own = `${recordType}.${effect}`;
  return change.kind === "update" ? [own, `${recordType}.updated`] : [own];
}

/** The effects of all actions, each once: `deleted`. */
export function listEffects(effects: RecordEffects): readonly string[] {
  return collect(effects, ({ effect }) => [effect]);
}

/** The types of all events about records, each once: `product.deleted`. */
export function listRecordEvents(effects: RecordEffects): readonly string[] {
  return collect(effects, recordEventsOf);
}

/** The skip codes that only some actions have, each once: `record.in_use`. */
export function listSkipCodes(effects: RecordEffects): readonly string[] {
  return collect(effects, ({ skips }) => Object.keys(skips));
}

function collect(
  effects: RecordEffects,
  list: (effect: RecordEffect) => readonly string[],
): readonly string[] {
  return [...new Set([...effects.values()].flatMap(list))];
}
