import { type Figure, roundOff } from "./figures.ts";
import { judge, TARGETS } from "./targets.ts";

/** The table at the end: every figure with its range. */
export function printFigures(figures: Readonly<Record<string, Figure>>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  console.log(`\n${"figure".padEnd(width)} ${["median", "min", "max", "runs"].map(align).join("")}`);
  for (const [name, { median, min, max, runs }] of Object.entries(figures)) {
    const cells = [...[median, min, max].map(roundOff), String(runs)];
    console.log(`${name.padEnd(width)} ${cells.map(align).join("")}`);
  }
  printTargets(figures);
}

function printTargets(figures: Readonly<Record<string, Figure>>): void {
  console.log("");
  for (const target of TARGETS) {
    const figure = figures[target.figure];
    if (figure === undefined) continue;
    const bound = `${target.bound} ${target.limit}, aim ${target.aim}`;
    console.log(
      `${target.figure.padEnd(28)} ${roundOff(figure.median).padStart(8)}  (${bound}): ${judge(target, figure)}`,
    );
  }
}

function align(cell: string): string {
  return cell.padStart(12);
}
