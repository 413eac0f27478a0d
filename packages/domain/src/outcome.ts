/** Why a record the action does apply to could not be changed. */
export type FailureCode = "record.locked" | "record.timeout" | "record.conflict" | "record.internal_error";

/** Whether the same id may succeed in a later bulk action: what stood in its way passes by itself. */
export function isRetriable(code: FailureCode): boolean {
  return code !== "record.internal_error";
}

/** What a code means, in words. An action may have skip codes of its own that are not listed here. */
export function explain(code: string): { readonly message: string } {
  return { message: MESSAGES.get(code) ?? "The action did not apply to the record." };
}

const MESSAGES: ReadonlyMap<string, string> = new Map([
  ["record.not_found", "There is no such record in this account, or no longer."],
  ["record.in_use", "Something that stays refers to the record, such as an order line."],
]);

/** How many of a bulk action's records ended in which outcome so far. */
export type Tally = {
  readonly deleted: number;
  readonly skipped: number;
  readonly failed: number;
};
