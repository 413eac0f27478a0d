import type { Figure } from "./figures.ts";

/** The table at the end: every figure with its range. */
export function printFigures(figures: Readonly<Record<string, Figure>>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  console.log(`\n${"figure".padEnd(width)} ${["median", "min", "max", "runs"].map(align).join("")}`);
  for (const [name, { median, min, max, runs }] of Object.entries(figures)) {
    const cells = [...[median, min, max].map(roundOff), String(runs)];
    console.log(`${name.padEnd(width)} ${cells.map(align).join("")}`);
  }
}

function align(cell: string): string {
  return cell.padStart(12);
}

/** Three digits that matter, and no more places than a thousandth. */
export function roundOff(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
}
