import type { Client } from "bulk-actions-client";
import type { BulkAction } from "bulk-actions-client/types";
import { CommandError, exitCodeOf, exitCodeOfStop } from "./exit-codes.ts";
import { describeBulkAction } from "./output/describe-bulk-action.ts";
import { type OutputOptions, print, tell } from "./output/print.ts";
import { openProgressBar } from "./output/progress-bar.ts";

/** How a command waits for the end. */
export type FollowOptions = OutputOptions & {
  /** In seconds. */
  readonly timeout?: number;
};

/**
 * Submits a bulk action, or returns one that exists. A submission that can take long ends with the signal, and says then what
 * was submitted; all others go on to their end, so that the user gets the id.
 */
export type Start = (signal: AbortSignal) => Promise<Pick<BulkAction, "id">>;

/** The longest time of a timer in Node, 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Submits a bulk action, or takes one that exists, shows its progress until its end, prints it, and returns its exit code. Ctrl-C
 * and the time-out end only the watching: the bulk action goes on, and the user is told how to go on, too.
 */
export async function follow(
  bulkActions: Client["bulkActions"],
  start: Start,
  options: FollowOptions,
): Promise<number> {
  const ended = await waitFor(bulkActions, start, options);
  print(options, ended, describeBulkAction(ended));
  if (ended.details.skipped + ended.details.failed > 0) {
    tell(`To see why: bulk-actions records ${ended.id} --outcome skipped --outcome failed`);
  }
  return exitCodeOf(ended);
}

async function waitFor(
  bulkActions: Client["bulkActions"],
  start: Start,
  { timeout }: FollowOptions,
): Promise<BulkAction> {
  const bar = openProgressBar();
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  // Before the start, so that no bulk action is submitted whose id the user is not told. Once: a second Ctrl-C ends the process.
  process.once("SIGINT", interrupt);
  const timeUp = timeout === undefined ? [] : [AbortSignal.timeout(Math.min(timeout * 1_000, LONGEST_MS))];
  const signal = AbortSignal.any([interrupted.signal, ...timeUp]);
  try {
    const { id } = await start(signal);
    return await bulkActions.wait(id, { signal, onProgress: bar.show }).catch((error: unknown) => {
      bar.stop();
      throw signal.aborted ? new CommandError(exitCodeOfStop(signal), describeRest(id)) : error;
    });
  } finally {
    bar.stop();
    process.off("SIGINT", interrupt);
  }
}

/** Tells the user the id of a bulk action as soon as it is submitted. */
export async function tellId(submitting: Promise<BulkAction>): Promise<BulkAction> {
  const submitted = await submitting;
  tell(`Submitted as ${submitted.id}.`);
  return submitted;
}

/** Says that a bulk action goes on, and how to see and to end it. */
function describeRest(id: string): string {
  return [
    `The bulk action ${id} goes on.`,
    `  bulk-actions watch ${id}    to watch it`,
    `  bulk-actions cancel ${id}   to cancel it`,
  ].join("\n");
}
