import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Refused, Task } from "./inside/main.ts";
import type { Shop } from "./shops.ts";

/** Installs the packages of a shop with npm into a folder of their own. One that has them is left as it is. */
export async function installShop({ packages }: Shop, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const dependencies = Object.fromEntries(
    packages.map((spec) => [spec.slice(0, spec.lastIndexOf("@")), spec.slice(spec.lastIndexOf("@") + 1)]),
  );
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ private: true, dependencies }, undefined, 2),
  );
  await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
  });
}

/**
 * Runs the shop's own code in a process of its own and returns what it refused. Throws if the process ends before it
 * reports.
 */
export async function runOwnCode(task: Task): Promise<Refused> {
  const child = fork(new URL("inside/main.ts", import.meta.url), [JSON.stringify(task)], {
    // Vendure writes its moments in the zone of the process.
    env: { ...process.env, TZ: "UTC", NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let refused: Refused | undefined;
  child.on("message", (message) => {
    refused = message as Refused;
  });
  await once(child, "exit");
  if (refused === undefined) throw new Error(`The code of ${task.shop} ended before it was done.`);
  return refused;
}
