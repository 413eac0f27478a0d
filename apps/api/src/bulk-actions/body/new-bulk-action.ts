import { type Registry, submittable } from "@bulk/actions/registry";
import type { Filter } from "@bulk/domain/filters/filter";
import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import { EXAMPLE_NEW_BULK_ACTION } from "@bulk/wire/examples";
import { z } from "zod";
import type { ApiContext } from "../../context.ts";
import { FORM, FORM_FIELDS } from "../../http/bodies/form-body.ts";
import { type EnvelopeContent, openEnvelope } from "../../http/input/envelope.ts";
import { validate } from "../../http/input/validate.ts";
import { findKeyTypeIn, keyTypesIn } from "./find-key-type.ts";
import { anyRecordIds, recordIdsOf } from "./record-ids.ts";
import { describeSelected, ONLY_WITH_FILTER, selectedAttributes } from "./selected-attributes.ts";

/** A new bulk action, over ids or over the records that a filter selects. */
export type NewBulkAction = {
  readonly actionType: string;
  /** Whether to keep what the action removes. */
  readonly restorable: boolean;
} & (
  | { readonly kind: "listed"; readonly recordIds: RecordIds }
  | {
      readonly kind: "selected";
      readonly filter: Filter;
      readonly maxRecords: number;
      readonly expectedCount: number | undefined;
    }
);

/** One over the records that a filter selects. */
export type SelectedBulkAction = Extract<NewBulkAction, { readonly kind: "selected" }>;

type Settings = Pick<ApiContext, "registry"> & {
  readonly config: Pick<ApiContext["config"], "MAX_RECORD_IDS">;
};

/**
 * Returns the schemas of the body that submits a bulk action, and its parser. All endpoints of an API get the same
 * ones, because a component of the reference is one schema.
 */
export function newBulkActionBody(settings: Settings): NewBulkActionBody {
  const known = bodies.get(settings) ?? makeBody(settings);
  bodies.set(settings, known);
  return known;
}

export type NewBulkActionBody = ReturnType<typeof makeBody>;

const bodies = new WeakMap<Settings, NewBulkActionBody>();

function makeBody({ registry, config }: Settings) {
  const most = config.MAX_RECORD_IDS;
  const { action_type, restorable } = commonAttributes(registry);
  const record_ids = anyRecordIds(keyTypesIn(registry), most);
  const listed = z.strictObject({ action_type, record_ids, restorable });
  const readListed = listedReader(registry, most);
  return {
    schema: { "application/json": inJson(listed, registry), [FORM]: inForm(listed) },
    /** Throws `malformed` without the envelope, and `invalid` with the faults of its content. */
    parse(body: unknown): NewBulkAction {
      const content = openEnvelope("bulk_action", body);
      return Object.hasOwn(content, "filter") ? readSelected(registry, content) : readListed(content);
    },
  };
}

function commonAttributes(registry: Registry) {
  return {
    action_type: z
      .enum([...submittable(registry).keys()])
      .meta({ description: "The action to apply to the records." }),
    restorable: z
      .boolean()
      .default(true)
      .meta({
        description:
          "`false`: nothing is kept of what the action removes, and the bulk action cannot be restored. Without effect where " +
          "the action cannot be taken back, or the server keeps nothing.",
      }),
  };
}

function listedReader(registry: Registry, most: number): (content: EnvelopeContent) => NewBulkAction {
  const common = { ...commonAttributes(registry), ...ONLY_WITH_FILTER };
  const findKeyType = findKeyTypeIn(registry);
  const types = [...new Set(keyTypesIn(registry).values()), undefined];
  const readers = new Map(
    types.map((type) => [type, z.strictObject({ ...common, record_ids: recordIdsOf(type, most) })]),
  );
  const ofUnknown = z.strictObject({ ...common, record_ids: recordIdsOf(undefined, most) });
  return (content) => {
    // The action type decides what the ids are; the faults of both are reported together. Without a known one the ids are
    // checked only if all action types take the same.
    const type = findKeyType(content["action_type"]) ?? findKeyType(undefined);
    const { action_type, record_ids, restorable } = validate(
      "bulk_action",
      readers.get(type) ?? ofUnknown,
      content,
    );
    return { kind: "listed", actionType: action_type, recordIds: record_ids, restorable };
  };
}

function readSelected(registry: Registry, content: EnvelopeContent): NewBulkAction {
  const attributes = selectedAttributes(registry, content["action_type"]);
  const reader = z.strictObject({ ...commonAttributes(registry), ...attributes });
  const read = validate("bulk_action", reader, content);
  return {
    kind: "selected",
    actionType: read.action_type,
    restorable: read.restorable,
    filter: read.filter,
    maxRecords: read.max_records,
    expectedCount: read.expected_count,
  };
}

type Listed = z.ZodObject<Record<"action_type" | "record_ids" | "restorable", z.ZodType>>;

function inJson(listed: Listed, registry: Registry) {
  const { restorable } = listed.shape;
  const selected = describeSelected(registry).map(({ types, attributes }) =>
    z.strictObject({
      action_type: z.enum(types).meta({ description: "The action to apply to the records." }),
      ...attributes,
      restorable,
    }),
  );
  const content = selected.length === 0 ? listed : z.union([listed, ...selected]);
  return z
    .strictObject({ bulk_action: content })
    .meta({ id: "NewBulkAction", examples: [{ bulk_action: EXAMPLE_NEW_BULK_ACTION }] });
}

function inForm({ shape }: Listed) {
  const { actionType, restorable } = FORM_FIELDS;
  const recordIds = `${FORM_FIELDS.recordIds}[]`;
  const { action_type, record_ids } = EXAMPLE_NEW_BULK_ACTION;
  const properties = {
    [actionType]: shape.action_type,
    [recordIds]: shape.record_ids,
    [restorable]: shape.restorable,
  };
  return z.object(properties).meta({
    id: "NewBulkActionForm",
    examples: [{ [actionType]: action_type, [recordIds]: record_ids }],
  });
}
