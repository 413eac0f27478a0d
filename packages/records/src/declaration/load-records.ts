import { readFileSync, statSync } from "node:fs";
import { describeIssues, type RecordsFault } from "./describe-issues.ts";
import { findFaults } from "./find-faults.ts";
import { type RecordsFile, recordsFile } from "./records-file.ts";

/** The file of records cannot be used. The message lists all faults, each with its place and what to do. */
export class RecordsError extends Error {
  override readonly name = "RecordsError";
  readonly faults: readonly RecordsFault[];

  constructor(path: string, faults: readonly RecordsFault[]) {
    const lines = faults.map(({ place, message }) =>
      place === "" ? `  ${message}` : `  ${place}: ${message}`,
    );
    super(`The records of ${path} cannot be used:\n${lines.join("\n")}`);
    this.faults = faults;
  }
}

/** No declaration is longer. A larger file was named by mistake. */
const MOST_BYTES = 1024 * 1024;

/**
 * Reads the file that `RECORDS` names. Throws `RecordsError`, which lists all faults that the file shows by itself; the
 * database is not asked.
 */
export function loadRecords(path: string): RecordsFile {
  const read = readText(path);
  if ("fault" in read) throw new RecordsError(path, [{ place: "", message: read.fault }]);
  return parseRecords(path, read.text);
}

/** Parses the text of such a file. */
export function parseRecords(path: string, text: string): RecordsFile {
  const parsed = parseJson(text);
  if ("fault" in parsed) throw new RecordsError(path, [{ place: "", message: parsed.fault }]);
  const result = recordsFile.safeParse(parsed.value);
  // What does not fit the format has no meaning that could be examined.
  const faults = result.success ? findFaults(result.data) : describeIssues(result.error.issues);
  if (faults.length > 0 || !result.success) throw new RecordsError(path, faults);
  return result.data;
}

function readText(path: string): { readonly text: string } | { readonly fault: string } {
  try {
    const file = statSync(path);
    if (!file.isFile()) return { fault: "It is not a file. Set RECORDS to the path of a file of records." };
    if (file.size > MOST_BYTES)
      return { fault: "The file is larger than 1 MB. Set RECORDS to a file of records." };
    return { text: readFileSync(path, "utf8").replace(/^\uFEFF/, "") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    return {
      fault: `The file cannot be read (${code}). Set RECORDS to a file that this process can read, or unset it.`,
    };
  }
}

function parseJson(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { fault: `The file is not JSON: ${reason}` };
  }
}
