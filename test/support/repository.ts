import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Where a file of the repository is; the path is from its root. */
export function pathTo(path: string): string {
  return join(ROOT, path);
}

/** The text of a file of the repository; the path is from its root. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Whether the repository has this file or folder. */
export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** The files that match any of the patterns, as paths from the root; never what is installed or generated. */
export function listFiles(...patterns: readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: ROOT, exclude: ["**/node_modules", "**/generated", "**/.git"] }).sort();
}

/** What the fences read of a package.json. */
export type Manifest = {
  readonly name?: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly packageManager?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

/** A package.json of the repository. */
export function readManifest(path = "package.json"): Manifest {
  return JSON.parse(readText(path)) as Manifest;
}
