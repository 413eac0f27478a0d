/** What a client asked for: ids as sent, duplicates and all. */
export type Submission = {
  readonly accountId: string;
  readonly actionType: string;
  readonly recordIds: readonly string[];
};

/** A submission that was answered with 200. */
export type AcceptedAction = Submission & { readonly id: string };

/** A restore that was asked for. */
export type RestoreRequest = {
  readonly accountId: string;
  /** The bulk action that is taken back. */
  readonly parentId: string;
  /** Which of its records; `undefined`: all. */
  readonly recordIds: readonly string[] | undefined;
  /** The bulk action that it has become; `undefined`: nobody knows. */
  readonly id: string | undefined;
};

/** A cancel that was sent and not refused. */
export type Cancel = {
  readonly id: string;
  /** The database's clock after the 200; `undefined` when no answer came, so that it may have happened. */
  readonly answeredAt: string | undefined;
};

/** What the list said about an action; recorded when it differs from what it said before. */
export type Observation = { readonly id: string; readonly status: string; readonly skippedCount: number };

/** What a chunk's row said; recorded when it differs from what it said before. */
export type TallyObservation = {
  readonly bulkActionId: string;
  readonly position: number;
  readonly done: number;
  readonly deleted: number;
  readonly skipped: number;
  readonly failed: number;
};

/** An action as the list shows it when everything has ended. */
export type FinalAnswer = {
  readonly id: string;
  readonly actionType: string;
  readonly status: string;
  readonly recordIds: readonly string[];
  readonly skippedIds: readonly string[];
};

/** Everything the outside world saw of a run: what the checker holds against the database. */
export type RecordedRun = {
  readonly accepted: readonly AcceptedAction[];
  /** Sent, but not answered with 200: they may have become actions or not. */
  readonly unanswered: readonly Submission[];
  readonly restores: readonly RestoreRequest[];
  readonly cancels: readonly Cancel[];
  /** In the order they were made. */
  readonly observations: readonly Observation[];
  readonly tallies: readonly TallyObservation[];
  readonly finalAnswers: readonly FinalAnswer[];
};

/** Ids as the service is to keep them: each once, where it came first. */
export function distinct(recordIds: readonly string[]): readonly string[] {
  return [...new Set(recordIds)];
}
