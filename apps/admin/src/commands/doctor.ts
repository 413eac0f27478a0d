import { styleText } from "node:util";
import { counted } from "@bulk/domain/counted";
import type { Command } from "commander";
import { diagnose } from "../doctor/diagnose.ts";
import type { Finding, Verdict } from "../doctor/finding.ts";
import { type OutputOptions, print } from "../output/print.ts";

/** `pnpm admin doctor`. Exits with 1 if there is a fault. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "check everything that API and workers with these variables rely on, and print how to fix what is wrong; " +
        "changes nothing, and exits with 0 if there is no fault",
    )
    .option(
      "--json",
      "print JSON: an array of objects with check, verdict (ok, warning, fault, skipped), found, cure",
    )
    .action(async (options: OutputOptions) => {
      const findings = await diagnose({ environment: process.env, now: Date.now });
      print(options, findings, [...findings.flatMap(describe), "", summarize(findings)]);
      if (count(findings, "fault") > 0) process.exitCode = 1;
    });
}

const MARKS = {
  ok: ["green", "✓"],
  warning: ["yellow", "!"],
  fault: ["red", "✗"],
  skipped: ["gray", "-"],
} as const;

// Colored only in a terminal, and not if NO_COLOR is set.
function describe({ check, verdict, found, cure }: Finding): readonly string[] {
  const [color, mark] = MARKS[verdict];
  return [
    `${styleText(color, mark)} ${check.padEnd(13)}  ${found}`,
    ...(cure?.split("\n") ?? []).map((line) => `${" ".repeat(17)}${line}`),
  ];
}

function summarize(findings: readonly Finding[]): string {
  const [faults, warnings, skips] = [
    count(findings, "fault"),
    count(findings, "warning"),
    count(findings, "skipped"),
  ];
  return faults + warnings + skips === 0
    ? "All is well."
    : `${counted(faults, "fault")}, ${counted(warnings, "warning")}, ${skips} not looked at.`;
}

function count(findings: readonly Finding[], verdict: Verdict): number {
  return findings.filter((finding) => finding.verdict === verdict).length;
}
