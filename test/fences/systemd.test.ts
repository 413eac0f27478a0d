import { execFile } from "node:child_process";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { readConfig } from "@bulk/service/read-config";
import { workerConfig } from "@bulk/worker/config";
import { expect, test } from "vitest";
import { findProgram } from "../support/find-program.ts";
import { isThere, listFiles, readText } from "../support/repository.ts";

const UNITS = listFiles("docs/operations/systemd/*.service");

const { SHUTDOWN_MS, STATEMENT_TIMEOUT_MS } = readConfig(workerConfig, { DATABASE_URL: "postgres://h/d" });

test("the units start what is there, stop it as it wants to be stopped, and give it the time it needs", () => {
  expect(UNITS.map((path) => findFaults(readText(path)))).toEqual([[], []]);
});

test.each([
  ["another entry", "apps/api/src/main.ts", "apps/api/main.ts", "apps/api/main.ts does not exist"],
  ["a shell between", ".bin/node ", ".bin/pnpm start:api ", "starts something else than Node"],
  ["another signal", "KillSignal=SIGTERM", "KillSignal=SIGKILL", "KillSignal is SIGKILL"],
  ["too little time", "TimeoutStopSec=40", "TimeoutStopSec=20", "TimeoutStopSec is 20"],
])("%s is noticed", (_fault, part, replacement, expected) => {
  const unit = readText("docs/operations/systemd/bulk-actions-api.service");
  expect(unit).toContain(part);
  expect(findFaults(unit.replace(part, replacement)).join()).toContain(expected);
});

const analyze = await findProgram("systemd-analyze");

test.skipIf(analyze === undefined)("systemd understands every line of them", async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "bulk-actions-units-"));
  const paths = UNITS.map((path) => {
    const copy = join(directory.path, basename(path));
    writeFileSync(copy, readText(path).replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
    return copy;
  });
  const { stdout, stderr } = await promisify(execFile)(analyze ?? "", ["verify", ...paths]);
  expect(`${stdout}${stderr}`).toBe("");
});

function findFaults(unit: string): readonly string[] {
  const lines = unit.split("\n").filter((line) => /^\w+=/.test(line));
  const values = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));
  const [, program, entry = ""] = /^\S+\/(\S+) (\S+)$/.exec(values["ExecStart"] ?? "") ?? [];
  const leastSeconds = (SHUTDOWN_MS + STATEMENT_TIMEOUT_MS) / 1_000;
  return [
    ...(program === "node" ? [] : ["starts something else than Node"]),
    ...(isThere(entry) ? [] : [`${entry} does not exist`]),
    ...(values["KillSignal"] === "SIGTERM" ? [] : [`KillSignal is ${values["KillSignal"]}`]),
    ...(Number(values["TimeoutStopSec"]) > leastSeconds
      ? []
      : [`TimeoutStopSec is ${values["TimeoutStopSec"]}`]),
    ...(values["EnvironmentFile"] === "/etc/bulk-actions.env" ? [] : ["no EnvironmentFile"]),
  ];
}
