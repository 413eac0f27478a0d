import { BulkActionsError } from "bulk-actions-client/errors";
import type { BulkAction } from "bulk-actions-client/types";
import { CommanderError } from "commander";

/** The exit codes of the commands. They never change. */
export const EXIT = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  completed: 3,
  invalid: 4,
  refused: 5,
  timedOut: 6,
  interrupted: 130,
} as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0    succeeded, or the command did what it should
  1    failed: no answer of the API, a file that cannot be read
  2    wrong usage
  3    completed: some records are left (in use, failed, not attempted)
  4    invalid: the action applies to none of the records
  5    refused: by the API, by --max, or by you
  6    timed out (--timeout); a bulk action that was submitted goes on
  130  Ctrl-C; a bulk action that was submitted goes on`;

/** Returns the exit code of a bulk action that has ended. */
export function exitCodeOf({ status }: BulkAction): number {
  switch (status) {
    case "succeeded":
      return EXIT.succeeded;
    case "invalid":
      return EXIT.invalid;
    default:
      return EXIT.completed;
  }
}

/** Returns the exit code of a command that was stopped by the time-out or by Ctrl-C. */
export function exitCodeOfStop({ reason }: AbortSignal): number {
  return reason instanceof Error && reason.name === "TimeoutError" ? EXIT.timedOut : EXIT.interrupted;
}

/** Ends the command: `message` says why. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Returns the exit code of an error. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof BulkActionsError) return EXIT.refused;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.succeeded : EXIT.usage;
  return EXIT.failed;
}
