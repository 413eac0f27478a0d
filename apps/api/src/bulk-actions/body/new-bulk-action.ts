import { submittable } from "@bulk/actions/registry";
import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import { EXAMPLE_NEW_BULK_ACTION } from "@bulk/wire/examples";
import { z } from "zod";
import type { ApiContext } from "../../context.ts";
import { FORM, FORM_FIELDS } from "../../http/bodies/form-body.ts";
import { openEnvelope } from "../../http/input/envelope.ts";
import { validate } from "../../http/input/validate.ts";
import { findKeyTypeIn, keyTypesIn } from "./find-key-type.ts";
import { anyRecordIds, recordIdsOf } from "./record-ids.ts";

export type NewBulkAction = {
  readonly actionType: string;
  readonly recordIds: RecordIds;
  /** Whether to keep what the action removes. */
  readonly restorable: boolean;
};

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
  const keyTypes = keyTypesIn(registry);
  const findKeyType = findKeyTypeIn(registry);
  const attributes = z.strictObject({
    action_type: z
      .enum([...submittable(registry).keys()])
      .meta({ description: "The action to apply to the records." }),
    record_ids: anyRecordIds(keyTypes, most),
    restorable: z
      .boolean()
      .default(true)
      .meta({
        description:
          "`false`: nothing is kept of what the action removes, and the bulk action cannot be restored. Without effect where " +
          "the action cannot be taken back, or the server keeps nothing.",
      }),
  });
  const types = [...new Set(keyTypes.values()), undefined];
  const readers = new Map(
    types.map((type) => [type, attributes.extend({ record_ids: recordIdsOf(type, most) })]),
  );
  return {
    schema: { "application/json": inJson(attributes), [FORM]: inForm(attributes) },
    /** Throws `malformed` without the envelope, and `invalid` with the faults of its content. */
    parse(body: unknown): NewBulkAction {
      const content = openEnvelope("bulk_action", body);
      // The action type decides what the ids are; the faults of both are reported together. Without a known one the ids are
      // checked only if all action types take the same.
      const type = findKeyType(content["action_type"]) ?? findKeyType(undefined);
      const reader = readers.get(type) ?? attributes;
      const { action_type, record_ids, restorable } = validate("bulk_action", reader, content);
      return { actionType: action_type, recordIds: record_ids, restorable };
    },
  };
}

type Attributes = z.ZodObject<Record<"action_type" | "record_ids" | "restorable", z.ZodType>>;

function inJson(attributes: Attributes) {
  return z
    .strictObject({ bulk_action: attributes })
    .meta({ id: "NewBulkAction", examples: [{ bulk_action: EXAMPLE_NEW_BULK_ACTION }] });
}

function inForm({ shape }: Attributes) {
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
