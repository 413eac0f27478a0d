import type { Observation, RecordedRun, TallyObservation } from "./recorded-run.ts";

/** What was seen while the run went on: nothing may go back, and what has ended has ended. */
export function findHistoryViolations(run: RecordedRun): readonly string[] {
  const ends = run.finalAnswers.map(({ id, status, skippedIds }) => ({
    ...{ id, status, skippedCount: skippedIds.length },
  }));
  return [
    ...pairs([...run.observations, ...ends], ({ id }) => id).flatMap(compareObservations),
    ...pairs(run.tallies, ({ bulkActionId, position }) => `${bulkActionId} ${position}`).flatMap(
      compareTallies,
    ),
  ];
}

type Pair<T> = readonly [earlier: T, later: T];

// Every sight of a thing with the next sight of the same thing.
function pairs<T>(sights: readonly T[], keyOf: (sight: T) => string): readonly Pair<T>[] {
  const histories = [...Map.groupBy(sights, keyOf).values()];
  return histories.flatMap((history) =>
    history.slice(1).flatMap((later, index): readonly Pair<T>[] => {
      const earlier = history[index];
      return earlier === undefined ? [] : [[earlier, later]];
    }),
  );
}

function compareObservations([earlier, later]: Pair<Observation>): readonly string[] {
  const { id } = later;
  const violations: string[] = [];
  if (rank(later.status) < rank(earlier.status)) {
    violations.push(`Bulk action ${id} was seen as ${earlier.status} and later as ${later.status}.`);
  }
  if (rank(earlier.status) === TERMINAL && !isSame(earlier, later)) {
    violations.push(
      `Bulk action ${id} changed after its end, from ${describe(earlier)} to ${describe(later)}.`,
    );
  }
  if (later.skippedCount < earlier.skippedCount) {
    violations.push(
      `Bulk action ${id} had ${earlier.skippedCount} skipped ids and later ${later.skippedCount}.`,
    );
  }
  return violations;
}

const TERMINAL = 2;

function rank(status: string): number {
  return Math.min(["pending", "processing", "succeeded", "completed", "invalid"].indexOf(status), TERMINAL);
}

function isSame(one: Observation, other: Observation): boolean {
  return one.status === other.status && one.skippedCount === other.skippedCount;
}

function describe({ status, skippedCount }: Observation): string {
  return `${status} with ${skippedCount} skipped`;
}

function compareTallies([earlier, later]: Pair<TallyObservation>): readonly string[] {
  return (["done", "deleted", "skipped", "failed"] as const)
    .filter((name) => later[name] < earlier[name])
    .map(
      (name) =>
        `Chunk ${later.position} of bulk action ${later.bulkActionId} had ${earlier[name]} ${name} ids and later ${later[name]}.`,
    );
}
