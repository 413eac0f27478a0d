import { RequestError } from "@bulk/domain/errors/request-error";
import { explain } from "@bulk/service/process/run-service";
import {
  findSqlstate,
  isDatabaseBusy,
  isDatabaseUnavailable,
  isNotMigrated,
  mayHaveHappened,
} from "@bulk/store/sqlstate";
import type { Command } from "commander";

const COULD_NOT = 1;
const NO_SUCH_THING = 3;
/** For `action watch`: the bulk action ended with another status than `succeeded`. */
export const DID_NOT_SUCCEED = 4;

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  failed; the message says why
  2  wrong usage
  3  no such account, token, bulk action, webhook endpoint, delivery, pause, throttle or table
  4  action watch: it ended with another status than succeeded`;

/** Runs the command of this process. On an error, prints why and what to do, and sets the exit code. */
export async function runCommands(program: Command): Promise<void> {
  // The reader closed the pipe (`| head`); engines are still closed in order.
  process.stdout.on("error", () => {
    process.exitCode = COULD_NOT;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode =
      error instanceof RequestError && error.kind === "not_found" ? NO_SUCH_THING : COULD_NOT;
    if (!isBrokenPipe(error)) process.stderr.write(`${describe(error)}\n`);
  }
}

function describe(error: unknown): string {
  if (isNotMigrated(error)) return "The database lacks tables or columns of this version. Run pnpm migrate.";
  if (isNotAllowed(error)) {
    return "The user of DATABASE_URL may not do this (SQLSTATE 42501). Run it as the owner of the tables, or give the user what pnpm admin grants --for operators prints.";
  }
  if (mayHaveHappened(error)) {
    return "The connection to the database was lost before it responded. If the command changes something, check whether it did before you repeat it.";
  }
  if (isDatabaseBusy(error)) {
    return `This took too long, or another session held a lock on what it needs (SQLSTATE ${findSqlstate(error)}). Run the command again soon.`;
  }
  if (isDatabaseUnavailable(error)) {
    const code = findSqlstate(error);
    const state = code === undefined ? "does not respond" : `refuses this at present (SQLSTATE ${code})`;
    return `The database ${state}. Make sure that it runs and takes writes, and that user, password and database in DATABASE_URL are right.`;
  }
  return isAboutFile(error) ? error.message : explain(error);
}

function isNotAllowed(error: unknown): boolean {
  return findSqlstate(error) === "42501";
}

function isAboutFile(error: unknown): error is Error {
  return error instanceof Error && typeof Reflect.get(error, "path") === "string";
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "code") === "EPIPE";
}
