import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ApiConfig } from "../../config.ts";
import { writeVariables } from "./write-variables.ts";

const finding = z.object({
  check: z.string(),
  verdict: z.enum(["ok", "warning", "fault", "skipped"]),
  found: z.string(),
  cure: z.string().optional(),
});

/** What `pnpm admin doctor` found, with its cure. */
export type Finding = z.output<typeof finding>;

/** How a run of the doctor ended. */
export type DoctorReport =
  | { readonly kind: "findings"; readonly at: Date; readonly findings: readonly Finding[] }
  | { readonly kind: "failure"; readonly at: Date; readonly reason: string };

/** The doctor, which runs once for everybody who looks. */
export type Doctor = {
  /** The latest report, if there is one, and whether a run is under way. */
  view(): { readonly report: DoctorReport | undefined; readonly isRunning: boolean };
  /** Begins a run unless one is under way. */
  begin(): void;
  /** Begins a run if there is no report, or if it is older than a minute. */
  beginIfOld(): void;
  /** Ends the run that is under way. */
  stop(): void;
};

export type DoctorOptions = {
  /** The command's file; by default the one of this installation. */
  readonly command?: string;
  readonly deadlineMs?: number;
  /** How much memory this machine or container has left; by default what the system says. */
  readonly availableBytes?: () => number;
};

const DEADLINE_MS = 60_000;

/** How long a report is current. */
const KEPT_MS = 60_000;

/** A run was seen to take 240 MB. Where they are missing, the system would end a process, perhaps this one. */
const NEEDED_BYTES = 400_000_000;

/** A report has some kB. */
const MOST_BYTES = 1_000_000;

const COMMAND = fileURLToPath(new URL("../../../../admin/src/main.ts", import.meta.url));

/**
 * Runs `pnpm admin doctor` as a process of its own, because it loads the code of all processes and must not keep this one
 * from its callers. It gets the configuration of this process, is killed after a minute, and writes no secret.
 */
export function openDoctor(config: ApiConfig, options: DoctorOptions = {}): Doctor {
  let report: DoctorReport | undefined;
  let running: AbortController | undefined;
  async function run(ending: AbortController): Promise<void> {
    // The system may refuse to start it: too little memory, too many variables.
    const result = await runDoctor(config, options, ending.signal).catch(() =>
      fail("It could not be started. Run pnpm admin doctor."),
    );
    if (running === ending) running = undefined;
    if (!ending.signal.aborted) report = result;
  }
  function begin(): void {
    if (running !== undefined) return;
    running = new AbortController();
    void run(running);
  }
  return {
    view: () => ({ report, isRunning: running !== undefined }),
    begin,
    beginIfOld() {
      if (report === undefined || Date.now() - report.at.getTime() > KEPT_MS) begin();
    },
    stop() {
      running?.abort();
    },
  };
}

async function runDoctor(
  config: ApiConfig,
  options: DoctorOptions,
  signal: AbortSignal,
): Promise<DoctorReport> {
  const { command = COMMAND, deadlineMs = DEADLINE_MS } = options;
  const { availableBytes = () => process.availableMemory() } = options;
  if (!existsSync(command)) {
    return fail(
      "The commands (apps/admin) are not in this installation. Run pnpm admin doctor where they are.",
    );
  }
  if (availableBytes() < NEEDED_BYTES) {
    return fail(
      "This machine or container has too little memory left for it. Run pnpm admin doctor elsewhere.",
    );
  }
  const { output, wasKilled } = await runCommand(command, deadlineMs, config, signal);
  if (wasKilled)
    return fail(`It took longer than ${deadlineMs / 1_000} s and was ended. Run pnpm admin doctor.`);
  const findings = parseFindings(output);
  return findings === undefined
    ? fail("It ended without a report. Run pnpm admin doctor to see why.")
    : { kind: "findings", at: new Date(), findings };
}

function fail(reason: string): DoctorReport {
  return { kind: "failure", at: new Date(), reason };
}

type CommandEnd = { readonly output: string; readonly wasKilled: boolean };

// It exits with 1 if there is a fault. What it writes to stderr may have more than people may see.
function runCommand(
  command: string,
  deadlineMs: number,
  config: ApiConfig,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const env = writeVariables(config, process.env);
  const limits = { timeout: deadlineMs, maxBuffer: MOST_BYTES, killSignal: "SIGKILL" as const };
  return new Promise((resolve) => {
    execFile(process.execPath, [command, "doctor", "--json"], { env, signal, ...limits }, (error, output) => {
      resolve({ output, wasKilled: error?.killed === true });
    });
  });
}

function parseFindings(output: string): readonly Finding[] | undefined {
  try {
    return z.array(finding).parse(JSON.parse(output));
  } catch {
    return undefined;
  }
}
