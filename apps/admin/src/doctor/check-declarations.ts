import { loadRecords, RecordsError } from "@bulk/records/declaration/load-records";
import type { RecordsFile } from "@bulk/records/declaration/records-file";
import type { Database } from "@bulk/store/database";
import { listHolds } from "@bulk/store/operations/hold-action-types";
import { checkFile } from "../records/check-file.ts";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the declarations of the file that RECORDS names fit the database, and what the safety catch holds. */
export async function checkDeclarations(
  database: Database,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const path = configuration.worker.RECORDS;
  if (path === undefined) return [ok("RECORDS is not set: the records are those of the sample shop.")];
  const file = load(path);
  if (file instanceof RecordsError)
    return [fault(file.message, "Correct the file; the services do not start with it.")];
  const differences = await checkFile(database, file);
  const observations = differences.map(({ kind, place, found, cure }) =>
    kind === "unguarded" ? warning(`${place}: ${found}`, cure) : fault(`${place}: ${found}`, cure),
  );
  const holds = (await listHolds(database)).map(({ actionType, reason }) =>
    warning(
      `A worker begins no chunk of ${actionType}: ${reason}.`,
      "Restart the workers with the file that fits.",
    ),
  );
  // A hold that the file explains has been reported as a difference.
  if (observations.length > 0) return observations;
  return holds.length > 0 ? holds : [ok(`${path} and the database agree.`)];
}

function load(path: string): RecordsFile | RecordsError {
  try {
    return loadRecords(path);
  } catch (error) {
    if (error instanceof RecordsError) return error;
    throw error;
  }
}
