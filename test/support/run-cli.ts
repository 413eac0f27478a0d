import { spawn } from "node:child_process";
import { once } from "node:events";
import { eventually } from "./eventually.ts";
import { pathTo } from "./repository.ts";

/** A command of the callers' command line, as a user runs it. */
export type CliRun = {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until it has written something to stderr that matches. */
  tells(pattern: RegExp): Promise<RegExpExecArray>;
  interrupt(): void;
  /** Waits for its end. */
  exited(): Promise<number | null>;
};

export type CliOptions = {
  readonly environment?: NodeJS.ProcessEnv;
  /** What stands on its standard input. */
  readonly input?: string;
  /** What is typed as soon as a question is on stdout. */
  readonly answer?: { readonly question: string; readonly text: string };
  /** The program `script`, which runs it in a terminal; its output is all on stdout then. */
  readonly terminal?: string;
};

/** Starts `bulk-actions` with these arguments. */
export function startCli(
  parameters: readonly string[],
  { environment = {}, input = "", answer, terminal }: CliOptions = {},
): CliRun {
  const command = [process.execPath, pathTo("packages/cli/src/main.ts"), ...parameters];
  const [program = "", ...rest] =
    terminal === undefined ? command : [terminal, "-qefc", command.join(" "), "/dev/null"];
  const { PATH, HOME } = process.env;
  const child = spawn(program, rest, { env: { PATH, HOME, ...environment } });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
    });
  }
  if (answer === undefined) child.stdin.end(input);
  else {
    child.stdout.on("data", () => {
      if (written.stdout.includes(answer.question) && child.stdin.writable) child.stdin.end(answer.text);
    });
  }
  const closed = once(child, "close");
  return {
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    tells: (pattern) =>
      eventually(() => {
        const match = pattern.exec(written.stderr);
        if (match === null) throw new Error(`It has not told ${pattern}, but: ${written.stderr}`);
        return match;
      }, 60_000),
    interrupt: () => void child.kill("SIGINT"),
    async exited() {
      await closed;
      return child.exitCode;
    },
  };
}

/** Runs `bulk-actions` to its end. */
export async function runCli(parameters: readonly string[], options: CliOptions = {}) {
  const run = startCli(parameters, options);
  return { code: await run.exited(), stdout: run.stdout(), stderr: run.stderr() };
}
