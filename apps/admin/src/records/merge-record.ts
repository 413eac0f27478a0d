import { randomBytes } from "node:crypto";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { writeJson } from "@bulk/catalog/plan/write-json";
import { parseRecords } from "@bulk/records/declaration/load-records";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";

/** A declaration to be written. */
export type NewRecord = {
  readonly name: string;
  readonly declaration: RecordDeclaration;
  /** Whether it takes the place of a record of this name. */
  readonly replaces: boolean;
};

/** The record is in the file already. */
export class RecordExistsError extends Error {
  override readonly name = "RecordExistsError";
}

/**
 * Writes a record into a file of records, beside what is there, or creates the file. The file changes as a whole or not at
 * all. Throws `RecordsError` if the result could not be used, and `RecordExistsError`.
 */
export async function mergeRecord(path: string, record: NewRecord): Promise<void> {
  const { name, declaration, replaces } = record;
  const file = await readIfThere(path);
  const before = file === undefined ? { records: {} } : parseText(path, file.text);
  if (Object.hasOwn(before.records, name) && !replaces) {
    throw new RecordExistsError(
      `${path} has a record ${name} already. Give this one another name (--record), or add --replace to replace it.`,
    );
  }
  const text = `${writeJson({ ...before, records: { ...before.records, [name]: declaration } })}\n`;
  parseRecords(path, text);
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, text, { flag: "wx", mode: file?.mode ?? 0o644 });
  await rename(draft, path);
}

async function readIfThere(path: string) {
  try {
    const { mode } = await stat(path);
    return { text: await readFile(path, "utf8"), mode: mode & 0o777 };
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") return undefined;
    throw error;
  }
}

// An empty file is a new one.
function parseText(path: string, text: string) {
  return text.trim() === "" ? { records: {} } : parseRecords(path, text);
}
