import { readConfig } from "@bulk/service/config/read-config";
import { recordsConfig } from "@bulk/service/config/records-config";

/** RECORDS is not set. */
export class RecordsPathError extends Error {
  override readonly name = "RecordsPathError";
}

/** Returns the path of the file of records. Throws `RecordsPathError` if the variable is not set. */
export function loadRecordsPath(): string {
  const path = readConfig(recordsConfig, process.env).RECORDS;
  if (path) return path;
  throw new RecordsPathError(
    "RECORDS is not set. Set it to the path of your file of records, for this command, the API and the workers.",
  );
}
