import { z } from "zod";
import { recordsFile } from "./records-file.ts";

/** Returns the JSON schema of a file of records. `docs/records.schema.json` is this, for editors. */
export function describeFormat(): unknown {
  return z.toJSONSchema(recordsFile, { io: "input" });
}
