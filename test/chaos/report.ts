import type { ChaosProgress, ChaosResult, Throughput } from "./notes.ts";

/** One line about how it goes: rewritten in a terminal, anywhere else a new one every five seconds. */
export function createLiveLine(): { show(progress: ChaosProgress): void; end(): void } {
  const { isTTY } = process.stdout;
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      if (isTTY) {
        process.stdout.write(`\r\u001b[2K${describe(progress)}`);
      } else if (progress.elapsedSeconds - shownAt >= 5) {
        shownAt = progress.elapsedSeconds;
        console.log(describe(progress));
      }
    },
    end() {
      if (isTTY) process.stdout.write("\n");
    },
  };
}

function describe({ phase, elapsedSeconds, accepted, ended, faults, violations }: ChaosProgress): string {
  const time = `${elapsedSeconds.toFixed(0).padStart(4)} s`;
  return `${time} | ${phase} | ${accepted} actions, ${ended} ended | ${faults} faults | ${violations} violations`;
}

/** The table at the end, and every violation in words. */
export function printReport(result: ChaosResult): void {
  const faultCount = Object.values(result.faults).reduce((sum, count) => sum + count, 0);
  const drained = result.drainSeconds === undefined ? "never" : `${result.drainSeconds.toFixed(1)} s`;
  printRows([
    ["actions", result.actions],
    ["ids", result.ids],
    ...Object.entries(result.outcomes).map(([kind, count]) => [`  ${kind}`, count] as const),
    ["answers to creates", ""],
    ...Object.entries(result.answers).map(([status, count]) => [`  ${status}`, count] as const),
    ["faults", faultCount],
    ...Object.entries(result.faults).map(([kind, count]) => [`  ${kind}`, count] as const),
    ["time to drain", drained],
    ...describeThroughput(result.throughput),
    ["violations", result.violations.length],
  ]);
  for (const violation of result.violations) console.log(`  - ${violation}`);
}

function describeThroughput(throughput: Throughput | undefined) {
  if (throughput === undefined) return [];
  return [
    ["chunks a second", throughput.chunksPerSecond.toFixed(1)],
    ["longest time without a chunk", `${throughput.longestGapMs} ms`],
  ] as const;
}

function printRows(rows: readonly (readonly [name: string, value: string | number])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${String(value).padStart(10)}`);
}
