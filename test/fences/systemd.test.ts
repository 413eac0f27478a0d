import { execFile } from "node:child_process";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { readConfig } from "@bulk/service/config/read-config";
import { workerConfig } from "@bulk/worker/config";
import { expect, test } from "vitest";
import { findProgram } from "../support/find-program.ts";
import { holdAll, isAtLeast, namesFile } from "../support/hold-all.ts";
import { listFiles, readText } from "../support/repository.ts";

const UNITS = listFiles("docs/operations/systemd/*.service");
const { SHUTDOWN_MS, STATEMENT_TIMEOUT_MS } = readConfig(workerConfig, { DATABASE_URL: "postgres://h/d" });
const SECONDS = (SHUTDOWN_MS + STATEMENT_TIMEOUT_MS) / 1_000 + 1;
const NODE = /^\/opt\/bulk-actions\/node_modules\/\.bin\/node (\S+)$/;

holdAll({ api: readSettings("bulk-actions-api"), worker: readSettings("bulk-actions-worker@") }, [
  [
    "Node runs a file that exists, without a shell between",
    "api|worker.ExecStart",
    namesFile(NODE),
    "pnpm start:api",
  ],
  ["the process is told to stop by SIGTERM", "api|worker.KillSignal", "SIGTERM", "SIGKILL"],
  ["it has time for its work and one last statement", "api|worker.TimeoutStopSec", isAtLeast(SECONDS), "20"],
  ["secrets come from a file", "api|worker.EnvironmentFile", "/etc/bulk-actions.env"],
]);

const analyze = await findProgram("systemd-analyze");

test.skipIf(analyze === undefined)("systemd understands every line of the units", async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "bulk-actions-units-"));
  const paths = UNITS.map((path) => {
    const copy = join(directory.path, basename(path));
    writeFileSync(copy, readText(path).replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
    return copy;
  });
  const { stdout, stderr } = await promisify(execFile)(analyze ?? "", ["verify", ...paths]);
  expect(`${stdout}${stderr}`).toBe("");
});

function readSettings(unit: string): Readonly<Record<string, string>> {
  const lines = readText(`docs/operations/systemd/${unit}.service`).matchAll(/^(\w+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}
