import type { FinalAnswer } from "./recorded-run.ts";

/** The bulk actions of a response with a list of them. Throws on anything else. */
export function parseList(text: string): readonly FinalAnswer[] {
  const envelope: unknown = JSON.parse(text);
  const entries = isRecord(envelope) ? envelope["data"] : undefined;
  if (!Array.isArray(entries)) throw new Error(`This is no list: ${text.slice(0, 300)}`);
  return entries.map(parseAction);
}

/** A bulk action of a response. Throws on anything else. */
export function parseAction(value: unknown): FinalAnswer {
  if (isRecord(value)) {
    const {
      id,
      action_type: actionType,
      status,
      record_ids: recordIds,
      skipped_record_ids: skippedIds,
    } = value;
    if (typeof id === "string" && typeof actionType === "string" && typeof status === "string") {
      if (isTexts(recordIds) && isTexts(skippedIds)) return { id, actionType, status, recordIds, skippedIds };
    }
  }
  throw new Error(`This is no bulk action: ${JSON.stringify(value).slice(0, 300)}`);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whether a value has keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
