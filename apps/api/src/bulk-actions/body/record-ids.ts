import type { KeyType } from "@bulk/domain/keys/key-type";
import { describeKey, MAX_TEXT_LENGTH, readKey } from "@bulk/domain/keys/read-key";
import { showValue } from "@bulk/domain/show-value";
import { isRecordIds, type RecordIds, readRecordIds } from "@bulk/store/record-ids/read-record-ids";
import { z } from "zod";
import { BLANK, type Fault, fault } from "../../http/input/validate.ts";

/** The types of the ids that each action type takes. */
export type KeyTypes = ReadonlyMap<string, KeyType>;

/**
 * Returns the schema of the attribute `record_ids`: at most `most` ids of this type, or those that were read as they
 * arrived. `undefined`: of a type that is unknown, because the action type is; then only what all types have in common is
 * checked.
 */
export function recordIdsOf(type: KeyType | undefined, most: number) {
  return z.unknown().transform((value, context): RecordIds => {
    const read = readIds(value, type, most);
    if (isRecordIds(read)) return read;
    for (const found of read) context.addIssue(found);
    return z.NEVER;
  });
}

/** Returns the same schema as the reference describes it: for any of the action types. */
export function anyRecordIds(keyTypes: KeyTypes, most: number) {
  return recordIdsOf(undefined, most).meta({
    type: "array",
    items: describeItems(new Set(keyTypes.values())),
    minItems: 1,
    maxItems: most,
    description: `The ids of the records. Duplicates are removed; the order is kept.${describeForms(keyTypes)}`,
  });
}

function describeItems(types: ReadonlySet<KeyType>) {
  const isOnly = (type: KeyType) => types.size === 1 && types.has(type);
  if (isOnly("uuid")) return { type: "string", format: "uuid" } as const;
  const item = { minLength: 1, maxLength: MAX_TEXT_LENGTH } as const;
  const hasIntegers = [...types].some((type) => type !== "uuid" && type !== "text");
  return hasIntegers ? { ...item, type: ["string", "integer"] } : { ...item, type: "string" };
}

// Where all ids are UUIDs, their format says so.
function describeForms(keyTypes: KeyTypes): string {
  const byType = Map.groupBy(keyTypes.keys(), (actionType) => keyTypes.get(actionType));
  if (byType.size === 1 && byType.has("uuid")) return "";
  const forms = [...byType].map(([type, actionTypes]) => {
    const names = actionTypes.map((actionType) => `\`${actionType}\``).join(", ");
    return ` For ${names} each id is ${type && describeKey(type)}.`;
  });
  return `${forms.join("")} Responses contain every id as a string.`;
}

/** Enough to see the pattern of a mistake: 100,000 wrong ids are not listed one by one. */
const LISTED_FAULTS = 20;

const NO_IDS: RecordIds = { type: "text", count: 0, encoded: new Uint8Array() };

function readIds(value: unknown, type: KeyType | undefined, most: number): RecordIds | readonly Fault[] {
  if (isRecordIds(value) && value.type === type) return value;
  if (value === undefined || value === null || value === "") return [BLANK];
  if (!Array.isArray(value)) return [fault("invalid", `must be an array of ${namePlural(type)}`)];
  if (value.length === 0) return [BLANK];
  if (value.length > most) {
    const message = `has ${value.length} ids; at most ${most} are allowed in one bulk action`;
    return [fault("too_long", message, { count: most })];
  }
  if (type === undefined) return NO_IDS;
  return readRecordIds(type, value) ?? listMalformed(value, type);
}

function namePlural(type: KeyType | undefined): string {
  if (type === "uuid") return "UUIDs";
  return type === undefined ? "ids" : `ids, each ${describeKey(type)}`;
}

function listMalformed(ids: readonly unknown[], type: KeyType): readonly Fault[] {
  const malformed = [...ids.entries()].filter(([, id]) => readKey(type, id) === undefined);
  const unlisted = malformed.length - LISTED_FAULTS;
  return malformed.slice(0, LISTED_FAULTS).map(([index, id], place) => {
    const [shown, isLast] = [showValue(id), place === LISTED_FAULTS - 1];
    const message = `[${index}] is not ${describeKey(type)}: ${shown}`;
    return fault("invalid", message, { index, value: shown }, isLast ? unlisted : 0);
  });
}
