import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import type { FailureCode } from "@bulk/domain/bulk-actions/outcome";
import { Violation } from "./violation.ts";

/** What an id of a bulk action stands for when a run begins. */
export type RecordKind =
  | "product"
  | "product on an order"
  | "product that refuses"
  /** It refuses as if the whole server were full. */
  | "product that is too much"
  /** A trigger keeps it, and says nothing. */
  | "product that is kept"
  | "product whose part refuses"
  | "product whose part is kept"
  /** A foreign key refuses at the end of the transaction. */
  | "product on a wish list"
  | "product of another account"
  | "customer"
  | "unknown id";

export type ModelRecord = {
  readonly kind: RecordKind;
  readonly isPresent: boolean;
  readonly isOrdered: boolean;
  /** Somebody else was at it, or two bulk actions want it: a lock or a late order line may fail it. */
  readonly isContended: boolean;
};

export type Outcome = "deleted" | SkipCode | FailureCode;

export type SkipCode = "record.not_found" | "record.in_use" | "record.kept";

export type ModelAction = {
  readonly id: string;
  /** Records by their index, in the caller's order. */
  readonly records: readonly number[];
  /** One for each of `records`. */
  readonly outcomes: readonly (Outcome | undefined)[];
  readonly status: BulkActionStatus;
  readonly generation: number;
  readonly isCanceled: boolean;
  readonly finishedAt: string | undefined;
};

/** What can be seen of the service from outside, at one moment. */
export type Sighting = {
  /** One for each record. */
  readonly present: readonly boolean[];
  readonly actions: readonly ModelAction[];
};

/** What the service may have done so far; every function here answers a new one. */
export type Model = {
  readonly records: readonly ModelRecord[];
  /** In the order of their appearance. */
  readonly actions: readonly ModelAction[];
  /** The records of every bulk action that was asked for; a crash may have left it unwritten. */
  readonly requests: readonly (readonly number[])[];
  /** Bulk actions somebody asked to cancel; a crash may have left it undone. */
  readonly cancels: ReadonlySet<string>;
  /** Those whose cancel was answered, once no statement begun before that is under way. */
  readonly halted: ReadonlySet<string>;
  /** Everything is paused, and nobody is under way who might not know it. */
  readonly isAtRest: boolean;
  /** Records that were ordered while somebody was at work who need not notice: no foreign key makes them. */
  readonly overlooked: ReadonlySet<number>;
};

export function createModel(kinds: readonly RecordKind[]): Model {
  const records = kinds.map((kind) => ({
    kind,
    isPresent: kind !== "unknown id",
    isOrdered: kind === "product on an order",
    isContended: false,
  }));
  return {
    records,
    actions: [],
    requests: [],
    cancels: new Set(),
    halted: new Set(),
    isAtRest: false,
    overlooked: NONE,
  };
}

export function withRequest(model: Model, records: readonly number[]): Model {
  const earlier = new Set(model.requests.flat());
  const shared = new Set(records.filter((record) => earlier.has(record)));
  return {
    ...model,
    requests: [...model.requests, records],
    records: model.records.map((record, index) =>
      shared.has(index) ? { ...record, isContended: true } : record,
    ),
  };
}

export function withCancel(model: Model, id: string): Model {
  return { ...model, cancels: new Set([...model.cancels, id]) };
}

/** Somebody else changed the record, or tried to. */
export function withChange(model: Model, index: number, change: Partial<ModelRecord>): Model {
  return {
    ...model,
    records: model.records.map((record, at) =>
      at === index ? { ...record, isContended: true, ...change } : record,
    ),
  };
}

const NONE: ReadonlySet<never> = new Set();

/** Takes the sighting for the model's next state. Throws a `Violation` when it may not follow. */
export function observe(model: Model, sighting: Sighting): Model {
  const actions = orderByAppearance(model, sighting.actions);
  const claims: number[] = [];
  for (const [at, action] of actions.entries()) {
    const name = `action ${at + 1}`;
    const before = model.actions[at];
    if (before === undefined) assertRequested(model, action, name);
    else assertFollows(before, action, name);
    if (action.isCanceled && !model.cancels.has(action.id)) {
      throw new Violation(`${name} is canceled, and nobody asked for it`);
    }
    for (const { record, outcome } of newOutcomes(before, action)) {
      if (model.isAtRest) throw new Violation(`${name} goes on although everything is paused`);
      assertOutcome(model, sighting, { record, outcome, name });
      if (model.halted.has(action.id)) assertAttempted(record, outcome, name);
      if (outcome === "deleted") claims.push(record);
    }
    if (isTerminal(action)) assertTerminal(action, name);
  }
  for (const index of model.records.keys()) assertAccounted(model, sighting, claims, index);
  const records = model.records.map((record, index) => ({
    ...record,
    isPresent: sighting.present[index] === true,
  }));
  return { ...model, records, actions };
}

export function isTerminal(action: ModelAction): boolean {
  return action.status !== "pending" && action.status !== "processing";
}

/** A record in a report. */
export function nameRecord(index: number): string {
  return `r${index + 1}`;
}

function orderByAppearance(model: Model, sighted: readonly ModelAction[]): readonly ModelAction[] {
  const known = model.actions.map((action) => {
    const same = sighted.find(({ id }) => id === action.id);
    if (same === undefined) throw new Violation("a bulk action disappeared");
    return same;
  });
  const isKnown = new Set(model.actions.map(({ id }) => id));
  return [...known, ...sighted.filter(({ id }) => !isKnown.has(id))];
}

function assertRequested(model: Model, action: ModelAction, name: string): void {
  const records = String(action.records);
  if (!model.requests.some((request) => String(request) === records)) {
    throw new Violation(`${name} has ids nobody asked for: ${action.records.map(nameRecord)}`);
  }
}

function assertFollows(before: ModelAction, action: ModelAction, name: string): void {
  for (const [at, record] of before.records.entries()) {
    const [was, is] = [before.outcomes[at], action.outcomes[at]];
    if (was !== undefined && was !== is) {
      throw new Violation(`${name} said "${was}" of ${nameRecord(record)} and now says "${is}"`);
    }
  }
  if (isTerminal(before) && String(before.outcomes) !== String(action.outcomes)) {
    throw new Violation(`${name} had ended when it gave out another outcome`);
  }
  if (before.isCanceled && !action.isCanceled) throw new Violation(`${name} is no longer canceled`);
  if (action.generation < before.generation) throw new Violation(`the generation of ${name} went down`);
  const isReopened = isTerminal(before) && action.status !== before.status;
  if (isReopened || (isTerminal(before) && action.finishedAt !== before.finishedAt)) {
    throw new Violation(`${name} ended as "${before.status}" and ended again as "${action.status}"`);
  }
}

function newOutcomes(
  before: ModelAction | undefined,
  action: ModelAction,
): readonly { readonly record: number; readonly outcome: Outcome }[] {
  return action.records.flatMap((record, at) => {
    const outcome = action.outcomes[at];
    return outcome === undefined || before?.outcomes[at] !== undefined ? [] : [{ record, outcome }];
  });
}

function assertOutcome(
  model: Model,
  { present }: Sighting,
  { record, outcome, name }: { readonly record: number; readonly outcome: Outcome; readonly name: string },
): void {
  const before = model.records[record];
  const isOverlooked = model.overlooked.has(record);
  if (before === undefined || !mayBecome({ ...before, isOverlooked }, present[record] === true, outcome)) {
    const state = before && describe(before, present[record] === true);
    throw new Violation(`${name} says "${outcome}" of ${nameRecord(record)}, which is ${state}`);
  }
}

/** A try from before the cancel may have been refused, and what follows from that be written down later. */
function assertAttempted(record: number, outcome: Outcome, name: string): void {
  if (isFailure(outcome) || outcome === "record.kept") return;
  throw new Violation(`${name} was canceled, and then "${outcome}" came of ${nameRecord(record)}`);
}

function mayBecome(
  record: ModelRecord & { readonly isOverlooked: boolean },
  isPresentNow: boolean,
  outcome: Outcome,
): boolean {
  const { kind, isPresent, isOrdered, isContended, isOverlooked } = record;
  const isOwn = OWN_PRODUCTS.has(kind);
  switch (outcome) {
    case "deleted":
      return isOwn && !UNDELETABLE.has(kind) && (!isOrdered || isOverlooked) && isPresent && !isPresentNow;
    case "record.not_found":
      return !isOwn || !isPresentNow;
    case "record.in_use":
      return isOwn && isPresentNow && isOrdered;
    case "record.kept":
      return isPresentNow && KEPT.has(kind);
    case "record.internal_error":
      return isPresentNow && REFUSING.has(kind);
    case "record.locked":
      return isOwn && isPresentNow && isContended && kind !== "product on an order";
    case "record.conflict":
      if (isPresentNow && kind === "product on a wish list") return true;
      return isOwn && isPresentNow && isContended && kind !== "product on an order";
    case "record.timeout":
      return false;
  }
}

const REFUSING: ReadonlySet<RecordKind> = new Set([
  "product that refuses",
  "product that is too much",
  "product whose part refuses",
]);

const KEPT: ReadonlySet<RecordKind> = new Set(["product that is kept", "product whose part is kept"]);

const UNDELETABLE: ReadonlySet<RecordKind> = new Set([...REFUSING, ...KEPT, "product on a wish list"]);

const OWN_PRODUCTS: ReadonlySet<RecordKind> = new Set(["product", "product on an order", ...UNDELETABLE]);

function describe({ kind, isPresent, isOrdered }: ModelRecord, isPresentNow: boolean): string {
  const order = isOrdered && kind !== "product on an order" ? ", on an order by now" : "";
  const presence = isPresentNow ? "still there" : isPresent ? "gone with this step" : "not there";
  return `a ${kind}${order}, ${presence}`;
}

/** The status follows from the outcomes alone, and `succeeded` leaves no record; only a cancel may leave one out. */
function assertTerminal(action: ModelAction, name: string): void {
  const missing = action.records.filter((_, at) => action.outcomes[at] === undefined);
  if (missing.length > 0 && !action.isCanceled)
    throw new Violation(`${name} ended without outcome for ${missing.map(nameRecord)}`);
  const expected = terminalStatus(action.outcomes);
  if (action.status !== expected) {
    throw new Violation(`${name} ended as "${action.status}" and should be "${expected}"`);
  }
}

function terminalStatus(outcomes: ModelAction["outcomes"]): BulkActionStatus {
  if (outcomes.some((outcome) => outcome === undefined || isFailure(outcome))) return "completed";
  if (!outcomes.includes("deleted")) return "invalid";
  const isGone = (outcome?: Outcome) => outcome === "deleted" || outcome === "record.not_found";
  return outcomes.every(isGone) ? "succeeded" : "completed";
}

function isFailure(outcome: Outcome): boolean {
  return !["deleted", "record.not_found", "record.in_use", "record.kept"].includes(outcome);
}

function assertAccounted(
  model: Model,
  { present }: Sighting,
  claims: readonly number[],
  index: number,
): void {
  const was = model.records[index]?.isPresent === true;
  const is = present[index] === true;
  const count = claims.filter((record) => record === index).length;
  if (!was && is) throw new Violation(`${nameRecord(index)} came back`);
  if (was && !is && count === 0) throw new Violation(`${nameRecord(index)} is gone and nobody says so`);
  if (count > 1) throw new Violation(`${count} bulk actions say they deleted ${nameRecord(index)}`);
}
