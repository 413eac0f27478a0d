import { listRestorable } from "@bulk/actions/registry";
import type { KeyType } from "@bulk/domain/keys/key-type";
import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import { EXAMPLE_RESTORE_BODY } from "@bulk/wire/examples";
import { z } from "zod";
import type { ApiContext } from "../../context.ts";
import { runFor } from "../../http/bodies/one-at-a-time.ts";
import { type EnvelopeContent, openEnvelope } from "../../http/input/envelope.ts";
import { PASSENGERS } from "../../http/input/passengers.ts";
import { validate } from "../../http/input/validate.ts";
import { keyTypesIn } from "./find-key-type.ts";
import { anyRecordIds, recordIdsOf } from "./record-ids.ts";

type Settings = Pick<ApiContext, "registry" | "oneAtATime"> & {
  readonly config: Pick<ApiContext["config"], "MAX_RECORD_IDS">;
};

/**
 * Returns the schema of the body that chooses records to restore, and its reader. All endpoints of an API get the same
 * ones, because a component of the reference is one schema.
 */
export function restoreBody(settings: Settings): RestoreBody {
  const known = bodies.get(settings) ?? makeBody(settings);
  bodies.set(settings, known);
  return known;
}

export type RestoreBody = ReturnType<typeof makeBody>;

const bodies = new WeakMap<Settings, RestoreBody>();

/** A JSON array takes about this many bytes for an id. */
const BYTES_PER_ID = 39;

function makeBody({ registry, oneAtATime, config }: Settings) {
  const most = config.MAX_RECORD_IDS;
  const restorable = new Set(listRestorable(registry));
  const keyTypes = new Map([...keyTypesIn(registry)].filter(([type]) => restorable.has(type)));
  const schema = z
    .strictObject({
      bulk_action: z.strictObject({
        record_ids: anyRecordIds(keyTypes, most).optional().meta({
          description: "Only these records. By default all that no restore has brought back.",
        }),
      }),
    })
    .meta({ id: "RestoredRecords", examples: [EXAMPLE_RESTORE_BODY] });
  return {
    schema,
    /** Opens the envelope; `undefined` without a body. Throws `malformed` for a body without it. */
    open(body: unknown): EnvelopeContent | undefined {
      const isEmpty = typeof body === "object" && Object.keys(body ?? {}).every((key) => PASSENGERS.has(key));
      return body === undefined || body === "" || isEmpty ? undefined : openEnvelope("bulk_action", body);
    },
    /** Reads the ids as this type; `undefined`: all records. Throws `invalid` with the faults of the content. */
    async read(content: EnvelopeContent | undefined, type: KeyType): Promise<RecordIds | undefined> {
      if (content === undefined) return undefined;
      const reader = z.strictObject({ record_ids: recordIdsOf(type, most).optional() });
      const ids = content["record_ids"];
      const run = runFor(Array.isArray(ids) ? BYTES_PER_ID * ids.length : 0, oneAtATime);
      return (await run(() => validate("bulk_action", reader, content))).record_ids;
    },
  };
}
