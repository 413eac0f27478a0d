import type { Client } from "bulk-actions-client";
import { WaitTimeoutError } from "bulk-actions-client/errors";
import type { BulkAction } from "bulk-actions-client/types";
import { CommandError, EXIT, exitCodeOf } from "./exit-codes.ts";
import { describeBulkAction } from "./output/describe-bulk-action.ts";
import { type OutputOptions, print, tell } from "./output/print.ts";
import { openProgressBar } from "./output/progress-bar.ts";

/** How a command waits for the end. */
export type FollowOptions = OutputOptions & {
  /** In seconds. */
  readonly timeout?: number;
};

/**
 * Submits a bulk action, or takes one that exists, shows its progress until its end, prints it, and returns its exit code. Ctrl-C
 * and the time-out end only the watching: the bulk action goes on, and the user is told how to go on, too.
 */
export async function follow(
  bulkActions: Client["bulkActions"],
  start: () => Promise<Pick<BulkAction, "id">>,
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
  start: () => Promise<Pick<BulkAction, "id">>,
  { timeout }: FollowOptions,
): Promise<BulkAction> {
  const bar = openProgressBar();
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  // Before the start, so that no bulk action is submitted whose id the user is not told. Once: a second Ctrl-C ends the process.
  process.once("SIGINT", interrupt);
  try {
    const { id } = await start();
    const timeoutMs = timeout === undefined ? undefined : timeout * 1_000;
    const waiting = bulkActions.wait(id, { signal: interrupted.signal, timeoutMs, onProgress: bar.show });
    return await waiting.catch((error: unknown) => {
      bar.stop();
      if (interrupted.signal.aborted) throw new CommandError(EXIT.interrupted, describeRest(id));
      if (error instanceof WaitTimeoutError) throw new CommandError(EXIT.timedOut, describeRest(id));
      throw error;
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
