import type { RecordsFault } from "@bulk/records/declaration/describe-issues";
import { loadRecords } from "@bulk/records/declaration/load-records";
import type { Logger } from "@bulk/service/process/logger";
import { within } from "@bulk/service/timing/deadline";
import { every } from "@bulk/service/timing/every";
import { reportAtMostEvery } from "@bulk/service/timing/report-at-most-every";
import { type Database, openDatabase } from "@bulk/store/database";
import { findFileFaults } from "../check/find-file-faults.ts";

/** The declarations do not fit the database. The message lists all faults, each with its place and its cure. */
export class RecordsMismatchError extends Error {
  override readonly name = "RecordsMismatchError";

  constructor(path: string, faults: readonly RecordsFault[]) {
    const lines = faults.map(({ place, message }) => `  ${place}: ${message}`);
    super(`The records of ${path} do not fit the database:\n${lines.join("\n")}`);
  }
}

/** The check of a file of records against the database, which waits for a database that is away. */
export type RecordsCheck = {
  /** Rejects with `RecordsMismatchError` if the database, once it was there, did not fit. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
};

export type RecordsCheckOptions = {
  /** The file that RECORDS names; `undefined`: nothing is checked. */
  readonly path: string | undefined;
  readonly databaseUrl: string;
  readonly applicationName: string;
  readonly logger: Logger;
};

/** How long a start waits for the check. A database that takes longer counts as away. */
const DEADLINE_MS = 5_000;

/** How often a database that is away is tried again. */
const RETRY_MS = 1_000;

/** A reason that lasts, such as a missing right, is logged again after this time. */
const REPORT_MS = 60_000;

const NOT_COMPARED = "the records are not compared with the database yet; trying again until they are";

/**
 * Compares the declarations with the database, before the process begins its work. Throws `RecordsError` or
 * `RecordsMismatchError`, which list all faults. If the database is away, the process may start, and the check is made as
 * soon as the database is there.
 */
export async function startRecordsCheck(options: RecordsCheckOptions): Promise<RecordsCheck> {
  const { path, logger } = options;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Whoever waits for it gets the error; without anybody it must not end the process.
  failed.catch(() => undefined);
  if (path === undefined) return { failed, async stop() {} };
  const file = loadRecords(path);
  const database = openCheckDatabase(options);
  const faults = await within(DEADLINE_MS, findFileFaults(database, file)).catch((error: unknown) => {
    logger.warn({ error }, NOT_COMPARED);
  });
  if (faults !== undefined) {
    await database.$disconnect();
    if (faults.length > 0) throw new RecordsMismatchError(path, faults);
    return { failed, async stop() {} };
  }
  const report = reportAtMostEvery((error) => logger.warn({ error }, NOT_COMPARED), REPORT_MS);
  const tries = every(
    RETRY_MS,
    async () => {
      const found = await findFileFaults(database, file);
      end().catch(report);
      if (found.length > 0) reject(new RecordsMismatchError(path, found));
      else logger.info("the records fit the database");
    },
    report,
  );
  let ended: Promise<void> | undefined;
  function end(): Promise<void> {
    ended ??= tries.stop().then(() => database.$disconnect());
    return ended;
  }
  return { failed, stop: end };
}

function openCheckDatabase({ databaseUrl, applicationName }: RecordsCheckOptions): Database {
  return openDatabase({
    url: databaseUrl,
    applicationName,
    poolSize: 1,
    lockTimeoutMs: DEADLINE_MS,
    statementTimeoutMs: DEADLINE_MS,
  });
}
