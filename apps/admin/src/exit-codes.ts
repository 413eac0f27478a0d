import { RequestError } from "@bulk/domain/request-error";
import { explain } from "@bulk/service/run-service";
import { findSqlstate, isDatabaseUnavailable, isNotMigrated, mayHaveHappened } from "@bulk/store/sqlstate";
import type { Command } from "commander";

const COULD_NOT = 1;
const NO_SUCH_THING = 3;
/** Of `action watch`: the bulk action ended, and not as `succeeded`. */
export const DID_NOT_SUCCEED = 4;

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  could not be done; the message says why
  2  wrong usage
  3  no such account, token, bulk action, webhook endpoint, delivery, pause or throttle
  4  of action watch: it ended otherwise than succeeded`;

/** Runs the command that the process was started with; of an error it says why and what to do. */
export async function runCommands(program: Command): Promise<void> {
  // Whoever read the output has enough of it (`| head`); what is open is still closed in order.
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
    return "The connection to the database was lost before its answer. If the command was to change something, look whether it did before you repeat it.";
  }
  if (isDatabaseUnavailable(error)) {
    const code = findSqlstate(error);
    const said = code === undefined ? "does not answer" : `refuses this at present (SQLSTATE ${code})`;
    return `The database ${said}. See that it runs and takes writes, and that user, password and database in DATABASE_URL are right.`;
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
