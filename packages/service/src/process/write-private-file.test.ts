import { chmod, mkdir, mkdtempDisposable, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writePrivateFile } from "./write-private-file.ts";

test("a new file is its owner's alone, and so is one that replaces a file for all to read", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "private-"));
  const path = join(folder.path, "token");
  for (const text of ["first", "second"]) {
    await writePrivateFile(path, text);
    expect([await readFile(path, "utf8"), await readMode(path)]).toEqual([text, 0o600]);
    await chmod(path, 0o644);
  }
});

test("whoever had the old file open reads nothing of the new one", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "private-"));
  const path = join(folder.path, "token");
  await writeFile(path, "old");
  await using reader = await open(path);
  await writePrivateFile(path, "new");
  expect(await reader.readFile("utf8")).toBe("old");
});

test("what cannot get its name leaves nothing behind", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "private-"));
  await mkdir(join(folder.path, "taken"));
  await expect(writePrivateFile(join(folder.path, "taken"), "text")).rejects.toThrow("EISDIR");
  expect(await readdir(folder.path)).toEqual(["taken"]);
});

async function readMode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
