import fc from "fast-check";
import type { ModelHost } from "./hosts/model-host.ts";
import type { RecordKind } from "./model.ts";
import type { ShopperDeed } from "./shopper.ts";

/** A shop, how the service is set up, and what happens, in order. */
export type Scenario = {
  readonly kinds: readonly RecordKind[];
  readonly chunkSize: number;
  readonly window: number;
  /** 0: a turn is one chunk long; otherwise it lasts as long as there are chunks. */
  readonly turnMs: number;
  /** Whether a turn that goes on marks the activity after every chunk. */
  readonly marks: boolean;
  /** `patient`: a statement waits for a lock until it is free; `hasty`: it soon gives up. */
  readonly locking: "patient" | "hasty";
  /** Whether a shopper who holds a record at the end lets go of it before the service recovers. */
  readonly isShopperStubborn: boolean;
  readonly steps: readonly Step[];
  /** From before which step on, and for how many, everything is paused. */
  readonly pause: { readonly from: number; readonly steps: number } | undefined;
};

/** Numbers name the n-th of what there is at that moment, counted round; nothing there: nothing happens. */
export type Step =
  | { readonly kind: "create"; readonly records: readonly number[]; readonly pace: Pace }
  | { readonly kind: "take"; readonly pace: Pace }
  | { readonly kind: "sweep"; readonly pace: Pace }
  | { readonly kind: "settle"; readonly action: number; readonly pace: Pace }
  | { readonly kind: "cancel"; readonly action: number; readonly pace: Pace }
  | { readonly kind: "advance"; readonly process: number; readonly gates: number }
  | { readonly kind: "crash"; readonly process: number; readonly verdict: "die" | "do_and_die" }
  | { readonly kind: "lose_queue" }
  | { readonly kind: "give_out_again"; readonly turn: number }
  | { readonly kind: "time_passes" }
  | {
      readonly kind: "shopper_comes";
      readonly deed: ShopperDeed;
      readonly record: number;
      readonly stays: boolean;
    }
  | { readonly kind: "shopper_leaves"; readonly how: "COMMIT" | "ROLLBACK" };

/** `at_once`: to its end, unless a lock stops it; `by_gates`: it stops before its first statement. */
export type Pace = "at_once" | "by_gates";

/** Most records in a shop. */
const RECORDS = 12;

const kinds = [
  { arbitrary: fc.constant<RecordKind>("product"), weight: 12 },
  { arbitrary: fc.constant<RecordKind>("product on an order"), weight: 2 },
  { arbitrary: fc.constant<RecordKind>("product that refuses"), weight: 1 },
  { arbitrary: fc.constant<RecordKind>("product that is too much"), weight: 1 },
  { arbitrary: fc.constant<RecordKind>("product that is kept"), weight: 1 },
  { arbitrary: fc.constant<RecordKind>("product on a wish list"), weight: 1 },
  { arbitrary: fc.constant<RecordKind>("product of another account"), weight: 1 },
  { arbitrary: fc.constant<RecordKind>("customer"), weight: 1 },
  { arbitrary: fc.constant<RecordKind>("unknown id"), weight: 1 },
];

/** Kinds of records with rows that go with them. */
const kindsWithParts = [
  ...kinds,
  { arbitrary: fc.constant<RecordKind>("product whose part refuses"), weight: 1 },
  { arbitrary: fc.constant<RecordKind>("product whose part is kept"), weight: 1 },
];

const number = fc.nat({ max: RECORDS - 1 });
const pace = fc.constantFrom<Pace>("at_once", "by_gates");
const records = fc.oneof(
  fc.constant(Array.from({ length: RECORDS }, (_, index) => index)),
  fc.array(number, { minLength: 1, maxLength: RECORDS }),
);

const create = fc.record({ kind: fc.constant("create" as const), records, pace });
const cancel = fc.record({ kind: fc.constant("cancel" as const), action: number, pace });
const deed = fc.constantFrom<ShopperDeed>("order", "remove", "hold");
const verdict = fc.constantFrom("die" as const, "do_and_die" as const);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: create },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("take" as const), pace }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sweep" as const), pace }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("settle" as const), action: number, pace }) },
  { weight: 1, arbitrary: cancel },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("advance" as const),
      process: fc.nat({ max: 2 }),
      gates: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("crash" as const), process: fc.nat({ max: 2 }), verdict }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose_queue" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("give_out_again" as const), turn: number }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("time_passes" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("shopper_comes" as const),
      deed,
      record: number,
      stays: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("shopper_leaves" as const),
      how: fc.constantFrom("COMMIT" as const, "ROLLBACK" as const),
    }),
  },
);

/** A shopper has come for a record when a turn wants it, and ends afterwards. */
const meeting = fc
  .record({ deed, record: number, pace, how: fc.constantFrom("COMMIT" as const, "ROLLBACK" as const) })
  .map(({ deed, record, pace, how }): readonly Step[] => [
    { kind: "shopper_comes", deed, record, stays: true },
    { kind: "take", pace },
    { kind: "advance", process: 0, gates: 4 },
    { kind: "shopper_leaves", how },
  ]);

/** Two turns, of one bulk action or of two, go on by turns. */
const twoTurns = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 6 })
  .map((rounds): readonly Step[] => [
    { kind: "take", pace: "by_gates" },
    { kind: "take", pace: "by_gates" },
    ...rounds.map((gates, at) => ({ kind: "advance" as const, process: at % 2, gates })),
  ]);

/** A cancel comes while a turn is under way. */
const interruption = fc
  .record({ cancel, gates: fc.integer({ min: 1, max: 6 }), cancelGates: fc.integer({ min: 1, max: 4 }) })
  .map(({ cancel: one, gates, cancelGates }): readonly Step[] => [
    { kind: "take", pace: "by_gates" },
    { kind: "advance", process: 0, gates },
    one,
    { kind: "advance", process: 1, gates: cancelGates },
    { kind: "advance", process: 0, gates },
  ]);

// Left to chance alone, locks met in one of a hundred runs.
const episode = fc.oneof(
  { weight: 8, arbitrary: step.map((one): readonly Step[] => [one]) },
  { weight: 1, arbitrary: meeting },
  { weight: 1, arbitrary: twoTurns },
  { weight: 1, arbitrary: interruption },
);

/** Any scenario on such a host; every one begins with a bulk action. */
export function scenarioOn({ hasParts }: ModelHost): fc.Arbitrary<Scenario> {
  const kind = fc.oneof(...(hasParts ? kindsWithParts : kinds));
  return fc.record({
    kinds: fc.array(kind, { minLength: 1, maxLength: RECORDS }),
    chunkSize: fc.integer({ min: 1, max: 4 }),
    window: fc.integer({ min: 1, max: 3 }),
    turnMs: fc.constantFrom(0, 60_000),
    locking: fc.constantFrom("patient" as const, "hasty" as const),
    isShopperStubborn: fc.oneof(
      { weight: 9, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    steps: fc
      .tuple(create, fc.array(episode, { maxLength: 12, size: "max" }))
      .map(([first, others]) => [first, ...others.flat()]),
    // Last, so that all else about a seed is as it was without it.
    pause: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.record({ from: fc.nat({ max: 10 }), steps: fc.integer({ min: 1, max: 10 }) }),
      },
    ),
    marks: fc.boolean(),
  });
}
