import type { Action } from "@bulk/actions/action";
import { BIGINTS, declareActions, type Keyed, TEXTS, UUIDS, writeAction } from "./tables.ts";

/** What is timed: an action, or the same by hand. */
export type Contestant = {
  /** Also of the schema with its tables. */
  readonly name: string;
  readonly keyed: Keyed;
  /** Rows that go with each record. */
  readonly children: number;
  /** By hand, if there is none. */
  readonly action?: Action;
};

/** Those whose tables fit together into PostgreSQL's own memory, so that no one's were pushed out by another's. */
export const DELETING: readonly Contestant[] = [
  { name: "written_uuid", keyed: UUIDS, children: 0, action: writeAction("written_uuid") },
  declare("declared_uuid", UUIDS, "deletes"),
  declare("declared_bigint", BIGINTS, "deletes"),
  declare("declared_text", TEXTS, "deletes"),
];

export const MARKING: readonly Contestant[] = [
  declare("declared_marking", UUIDS, "marks"),
  { name: "marking_by_hand", keyed: UUIDS, children: 3 },
];

function declare(name: string, keyed: Keyed, kind: "deletes" | "marks"): Contestant {
  const children = kind === "marks" ? 3 : 0;
  return { name, keyed, children, action: declareActions(name, keyed.type)[kind] };
}
