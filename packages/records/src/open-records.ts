import { fileURLToPath } from "node:url";
import { createRegistry, type Registry } from "@bulk/actions/registry";
import { compileRecords } from "./compile/compile-records.ts";
import { loadRecords } from "./declaration/load-records.ts";
import type { RecordsFile } from "./declaration/records-file.ts";

/** The records of an installation. */
export type Records = {
  /** The file that declares them. */
  readonly path: string;
  readonly declaration: RecordsFile;
  /** Every action: those that the file declares, and those that are written in code. */
  readonly registry: Registry;
};

/**
 * Opens the records that a file declares; without a path, those of the sample shop. Throws `RecordsError`, which lists
 * all faults of the file. The database is not asked.
 */
export function openRecords(path = SAMPLE_SHOP): Records {
  const declaration = loadRecords(path);
  return { path, declaration, registry: createRegistry(compileRecords(declaration)) };
}

const SAMPLE_SHOP = fileURLToPath(new URL("sample-shop.json", import.meta.url));
