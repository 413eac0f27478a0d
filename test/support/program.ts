import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";

/** A process of the service, as an operator would start it. */
export type Program = {
  readonly pid: number;
  /** Everything it has written so far, both streams; of a long run the last 16 million characters at least. */
  output(): string;
  /** Waits until it has written something that matches. */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Waits for its end. */
  exited(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Ends it, whatever it does. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** In characters. A million requests are a million lines of log, and a string has an end. */
const MOST_KEPT = 16e6;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The files that the scripts of package.json run, and what the benchmark measures beside them. */
export type Entry =
  | `apps/${"admin" | "api" | "worker"}/src/main.ts`
  | `test/bench/${"main" | "bare-api" | "peer-worker" | "checkout/shop-load" | "checkout/observer"}.ts`
  | `test/chaos/${"main" | "recovery"}.ts`
  | `test/attack/${"main" | "attacker"}.ts`
  | "test/shops/main.ts"
  | "test/screenshots/main.ts"
  | "examples/compare/main.ts"
  | `tools/${"generate-client" | "build-packages"}.ts`
  | `packages/local/src/${"demo" | "start" | "seed" | "migrate" | "migrate-create"}.ts`;

/**
 * Starts a process of the tree in `directory`, with these variables and no others of ours.
 *
 * @param launcher a program with its first arguments, which gets the command line of the process as further ones
 */
export function startProgram(
  entry: Entry,
  environment: NodeJS.ProcessEnv = {},
  options: readonly string[] = [],
  directory: string = ROOT,
  launcher: readonly string[] = [],
): Program {
  const { PATH, HOME } = process.env;
  const [program = "", ...parameters] = [...launcher, process.execPath, entry, ...options];
  const child = spawn(program, parameters, {
    cwd: directory,
    env: { PATH, HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "close").then(() => ({ code: child.exitCode, signal: child.signalCode }));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > 2 * MOST_KEPT) output = output.slice(-MOST_KEPT);
    });
  }
  return {
    pid: pidOf(child),
    output: () => output,
    says(pattern, timeoutMs = 60_000) {
      return eventually(() => {
        const match = pattern.exec(output);
        if (match === null) throw new Error(`${entry} has not said ${pattern}, but: ${output}`);
        return match;
      }, timeoutMs);
    },
    kill: (signal) => child.kill(signal),
    exited: () => exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("The process did not start.");
  return child.pid;
}
