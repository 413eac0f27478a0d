import { type RecordEffects, recordEventsOf } from "@bulk/domain/bulk-actions/record-effect";
import { type Sql, sql } from "../sql.ts";

/**
 * The actions that this process knows, as the item `known` of a FROM clause: their types, the word for their applied
 * records, the events about these, and the skip codes that leave nothing to do.
 */
export function knownEffects(effects: RecordEffects): Sql {
  const rows = [...effects].map(([action_type, known]) => ({
    action_type,
    effect: known.effect,
    events: recordEventsOf(known),
    done_codes: Object.keys(known.skips).filter((code) => known.skips[code]?.isAlreadyDone),
  }));
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
    AS known (action_type text, effect text, events text[], done_codes text[])`;
}
