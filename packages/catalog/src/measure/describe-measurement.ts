import type { Measurement } from "./measure-removal.ts";

/** Formats a measurement for people, a line each. */
export function describeMeasurement({ recordCount, steps, atCommitMs }: Measurement): readonly string[] {
  if (recordCount === 0) return ["There is no record that nothing protects; nothing was measured."];
  return [
    `Removing ${recordCount.toLocaleString("en")} records, rolled back:`,
    ...steps.flatMap(({ name, ms, triggers }) => [
      `  ${inMs(ms)}  ${name}`,
      ...triggers.map((trigger) => `  ${inMs(trigger.ms)}    of it ${trigger.name}, ${trigger.calls} calls`),
    ]),
    `  ${inMs(atCommitMs)}  at COMMIT`,
  ];
}

function inMs(ms: number): string {
  return `${ms.toFixed(1).padStart(9)} ms`;
}
