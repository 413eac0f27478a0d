import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawCharts } from "./charts.ts";
import { type Figure, roundOff } from "./figures.ts";
import { judge, TARGETS } from "./targets.ts";

/** One whole run, as `--out` writes it. */
export type BenchReport = {
  readonly date: string;
  readonly command: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly figures: Readonly<Record<string, Figure>>;
};

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

/** Writes the charts, and the figures between the two marks of docs/performance.md. */
export async function writeDocs(report: BenchReport): Promise<void> {
  await mkdir(join(DOCS, "performance"), { recursive: true });
  const charts = drawCharts(report.figures);
  for (const [name, svg] of charts) await writeFile(join(DOCS, "performance", name), svg);
  const page = join(DOCS, "performance.md");
  const text = await readFile(page, "utf8");
  await writeFile(page, replaceFigures(text, describe(report, [...charts.keys()])));
}

const [BEGIN, END] = ["<!-- figures: written by pnpm bench --docs -->", "<!-- end of figures -->"];

function replaceFigures(text: string, figures: string): string {
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/performance.md must have ${BEGIN} and, after it, ${END}.`);
  return `${before}${BEGIN}\n\n${figures}\n\n${END}${after}`;
}

function describe(
  { date, command, machine, versions, figures }: BenchReport,
  charts: readonly string[],
): string {
  return [
    `\`${command}\`, ${date.slice(0, 10)}`,
    `${list(machine)}  \n${list(versions)}`,
    table(["figure", "what", "must be", "aim", "median", "range", "runs", ""], listTargets(figures)),
    ...charts.map((name) => `![${name.replace(".svg", "").replaceAll("-", " ")}](performance/${name})`),
    "Everything that was measured; the unit is in the name, a bare name is a ratio:",
    table(["figure", "median", "min", "max", "runs"], listAll(figures)),
  ].join("\n\n");
}

function list(pairs: Readonly<Record<string, string | number>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
    .join(" · ");
}

function listTargets(figures: BenchReport["figures"]): readonly (readonly string[])[] {
  return TARGETS.flatMap((target) => {
    const figure = figures[target.figure];
    if (figure === undefined) return [];
    const { bound, limit, aim, means } = target;
    const { median, min, max, runs } = figure;
    const range = `${roundOff(min)} – ${roundOff(max)}`;
    const cells = [
      `${bound} ${limit}`,
      String(aim),
      roundOff(median),
      range,
      String(runs),
      judge(target, figure),
    ];
    return [[`\`${target.figure}\``, means, ...cells]];
  });
}

function listAll(figures: BenchReport["figures"]): readonly (readonly string[])[] {
  return Object.entries(figures).map(([name, { median, min, max, runs }]) => [
    `\`${name}\``,
    ...[median, min, max].map(roundOff),
    String(runs),
  ]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
