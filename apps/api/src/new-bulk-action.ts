import { isUuid } from "@bulk/domain/is-uuid";
import { readUuidList, type UuidList } from "@bulk/store/uuid-list";
import { z } from "zod";
import type { ApiContext } from "./context.ts";
import { openEnvelope } from "./envelope.ts";
import { EXAMPLE_NEW_BULK_ACTION } from "./examples.ts";
import { FORM, FORM_FIELDS } from "./form-body.ts";
import { BLANK, type Fault, fault, validate } from "./validate.ts";

export type NewBulkAction = {
  readonly actionType: string;
  readonly recordIds: UuidList;
};

type Settings = Pick<ApiContext, "registry" | "config">;

/**
 * The body that submits a bulk action: its schemas, and the parser that holds it against one. The same for
 * every endpoint of an API, as a component of the reference is one schema.
 */
export function newBulkActionBody(settings: Settings): NewBulkActionBody {
  const known = bodies.get(settings) ?? makeBody(settings);
  bodies.set(settings, known);
  return known;
}

type NewBulkActionBody = ReturnType<typeof makeBody>;

const bodies = new WeakMap<Settings, NewBulkActionBody>();

function makeBody({ registry, config }: Settings) {
  const attributes = z.object({
    action_type: z.enum([...registry.keys()]).meta({ description: "What to do to the records." }),
    record_ids: recordIds(config.MAX_RECORD_IDS),
  });
  return {
    schema: { "application/json": inJson(attributes), [FORM]: inForm(attributes) },
    /** Throws `malformed` without the envelope, and `invalid` with the faults of what is in it. */
    parse(body: unknown): NewBulkAction {
      const { action_type, record_ids } = validate(
        "bulk_action",
        attributes,
        openEnvelope("bulk_action", body),
      );
      return { actionType: action_type, recordIds: record_ids };
    },
  };
}

type Attributes = z.ZodObject<Record<"action_type" | "record_ids", z.ZodType>>;

function inJson(attributes: Attributes) {
  return z
    .object({ bulk_action: attributes })
    .meta({ id: "NewBulkAction", examples: [{ bulk_action: EXAMPLE_NEW_BULK_ACTION }] });
}

function inForm({ shape }: Attributes) {
  const [actionType, recordIds] = [FORM_FIELDS.actionType, `${FORM_FIELDS.recordIds}[]`];
  const { action_type, record_ids } = EXAMPLE_NEW_BULK_ACTION;
  return z.object({ [actionType]: shape.action_type, [recordIds]: shape.record_ids }).meta({
    id: "NewBulkActionForm",
    examples: [{ [actionType]: action_type, [recordIds]: record_ids }],
  });
}

/** Enough to see the pattern of a mistake; a caller's 100,000 wrong ids are not listed one by one. */
const LISTED_FAULTS = 20;

function recordIds(most: number) {
  return z
    .unknown()
    .transform((value, context): UuidList => {
      const read = readIds(value, most);
      if ("ids" in read) return read;
      for (const found of read) context.addIssue(found);
      return z.NEVER;
    })
    .meta({
      ...{ type: "array", items: { type: "string", format: "uuid" }, minItems: 1, maxItems: most },
      description: "The records' ids. Duplicates are dropped; the order is kept.",
    });
}

function readIds(value: unknown, most: number): UuidList | readonly Fault[] {
  if (value === undefined || value === null || value === "") return [BLANK];
  if (!Array.isArray(value)) return [fault("invalid", "must be an array of UUIDs")];
  if (value.length === 0) return [BLANK];
  if (value.length > most) {
    const message = `has ${value.length} ids; at most ${most} are allowed in one bulk action`;
    return [fault("too_long", message, { count: most })];
  }
  return readUuidList(value) ?? listMalformed(value);
}

function listMalformed(ids: readonly unknown[]): readonly Fault[] {
  const malformed = [...ids.entries()].filter(([, id]) => !isUuid(id));
  const unlisted = malformed.length - LISTED_FAULTS;
  return malformed.slice(0, LISTED_FAULTS).map(([index, id], place) => {
    const [shown, isLast] = [show(id), place === LISTED_FAULTS - 1];
    const message = `[${index}] is not a UUID: ${shown}`;
    return fault("invalid", message, { index, value: shown }, isLast ? unlisted : 0);
  });
}

// A value of the caller's in an error message: recognisable, and never long.
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value !== "object" || value === null) return String(value);
  // Not its text: it may be nested too deeply to be written out.
  return Array.isArray(value) ? "an array" : "an object";
}
