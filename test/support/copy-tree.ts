import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const FILES = ["package.json", "tsconfig.base.json", "tsconfig.json", "vitest.config.ts"];

/** A copy of the sources that can be changed and run; dependencies are shared. Gone when disposed. */
export async function copyTree(): Promise<AsyncDisposable & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-copy-"));
  // The workspace's links are relative, so in the copy they lead to the copy.
  for (const name of ["apps", "packages", "examples", "test", ...FILES]) {
    await cp(join(ROOT, name), join(directory, name), { recursive: true, verbatimSymlinks: true });
  }
  for (const name of ["node_modules", "prisma"]) await symlink(join(ROOT, name), join(directory, name));
  return {
    directory,
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true });
    },
  };
}
