import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "@bulk/service/config/read-config";
import { afterEach, beforeEach, expect, test } from "vitest";
import { apiConfig } from "../../config.ts";
import { type Doctor, openDoctor } from "./doctor.ts";

const CONFIG = readConfig(apiConfig, { DATABASE_URL: "postgres://me:s3cret@h/d" });
const FINDINGS = [{ check: "clock", verdict: "fault", found: "It is late.", cure: "Set it." }];

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "doctor-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

test("a report is what the command prints, even if it exits with 1, and it gets this configuration", async () => {
  const doctor = await openWith(`
    console.log(JSON.stringify([{ check: process.argv.slice(2).join(" "), verdict: "ok", found: process.env.DATABASE_URL }]));
    process.exit(1);`);
  doctor.begin();
  expect(doctor.view()).toMatchObject({ report: undefined, isRunning: true });
  await expect
    .poll(() => doctor.view())
    .toMatchObject({
      isRunning: false,
      report: {
        kind: "findings",
        findings: [{ check: "doctor --json", verdict: "ok", found: "postgres://me:s3cret@h/d" }],
      },
    });
});

test("if the system does not start it, the report says so, and it can be asked again", async () => {
  await writeFile(join(directory, "command.cjs"), "");
  // More than Linux allows for one variable.
  const config = { ...CONFIG, DATABASE_URL: `postgres://h/${"d".repeat(200_000)}` };
  const doctor = openDoctor(config, { command: join(directory, "command.cjs") });
  doctor.begin();
  await expect.poll(() => doctor.view()).toMatchObject({ isRunning: false, report: { kind: "failure" } });
});

test("it runs once for everybody who asks meanwhile, and not again for a minute unless asked to", async () => {
  const doctor = await openWith(`
    require("node:fs").appendFileSync(__filename + ".runs", "x");
    console.log(${JSON.stringify(JSON.stringify(FINDINGS))});`);
  for (let n = 0; n < 3; n += 1) doctor.begin();
  await expect.poll(() => doctor.view().report?.kind, { timeout: 20_000 }).toBe("findings");
  doctor.beginIfOld();
  expect(doctor.view().isRunning).toBe(false);
  expect(await readFile(join(directory, "command.cjs.runs"), "utf8")).toBe("x");
  doctor.begin();
  expect(doctor.view().isRunning).toBe(true);
  doctor.stop();
});

test.each([
  ["hangs", "setInterval(() => {}, 1000);", "It took longer than 0.2 s and was ended."],
  ["prints something else", "console.log('s3cret');", "It ended without a report."],
  ["prints without end", "for (;;) console.log('x'.repeat(1e6));", "It "],
])("of a command that %s, the report says so, and nothing that it wrote", async (_how, source, reason) => {
  const doctor = await openWith(source, source.startsWith("console") ? 20_000 : 200);
  doctor.begin();
  await expect
    .poll(() => doctor.view(), { timeout: 20_000 })
    .toMatchObject({
      isRunning: false,
      report: { kind: "failure", reason: expect.stringContaining(reason) },
    });
  expect(JSON.stringify(doctor.view())).not.toContain("s3cret");
});

test.each([
  ["without the commands", { command: "gone.ts" }, "not in this installation"],
  ["without memory for it", { availableBytes: () => 200_000_000 }, "too little memory"],
])("%s, nothing is run, and the report says so", async (_how, options, reason) => {
  const doctor = openDoctor(CONFIG, options);
  doctor.begin();
  await expect
    .poll(() => doctor.view().report)
    .toMatchObject({
      kind: "failure",
      reason: expect.stringContaining(reason),
    });
});

async function openWith(source: string, deadlineMs = 20_000): Promise<Doctor> {
  const command = join(directory, "command.cjs");
  await writeFile(command, source);
  return openDoctor(CONFIG, { command, deadlineMs, availableBytes: () => 1e9 });
}
