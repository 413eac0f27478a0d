import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EChartsCoreOption } from "echarts/core";
import { drawCharts, renderChart } from "./charts.ts";
import { type Figure, roundOff } from "./figures.ts";
import { judge, TARGETS } from "./targets.ts";

/** A complete run, as `--out` writes it. */
export type BenchReport = {
  readonly date: string;
  readonly command: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Of single runs, by name. */
  readonly charts: Readonly<Record<string, EChartsCoreOption>>;
};

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

/** Where the charts are, and the page of the checkout case. */
const FOLDER = join(DOCS, "performance");

const OF_CHECKOUT = /^(?:checkout|polite|full_speed|blocked)_/;

/** Writes the charts, and the figures between the two markers of each page of which something was measured. */
export async function writeDocs(report: BenchReport): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const { figures, charts } = report;
  const ofCheckout = Object.entries(figures).filter(([name]) => OF_CHECKOUT.test(name));
  const others = Object.fromEntries(Object.entries(figures).filter(([name]) => !OF_CHECKOUT.test(name)));
  const page = { ...report, figures: others, charts: drawCharts(others) };
  await writePage(join(DOCS, "performance.md"), "performance/", page);
  await writePage(join(FOLDER, "checkout.md"), "", {
    ...report,
    figures: Object.fromEntries(ofCheckout),
    charts,
  });
}

async function writePage(file: string, folder: string, report: BenchReport): Promise<void> {
  if (Object.keys(report.figures).length === 0) return;
  for (const [name, chart] of Object.entries(report.charts)) {
    await writeFile(join(FOLDER, `${name}.svg`), renderChart(chart));
  }
  await writeFile(file, replaceFigures(await readFile(file, "utf8"), describe(report, folder)));
}

const [BEGIN, END] = ["<!-- figures: written by pnpm bench --docs -->", "<!-- end of figures -->"];

function replaceFigures(text: string, figures: string): string {
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`A page of figures must have ${BEGIN} and, after it, ${END}.`);
  return `${before}${BEGIN}\n\n${figures}\n\n${END}${after}`;
}

function describe(
  { date, command, machine, versions, figures, charts }: BenchReport,
  folder: string,
): string {
  return [
    `\`${command}\`, ${date.slice(0, 10)}`,
    `${list(machine)}  \n${list(versions)}`,
    table(["figure", "meaning", "limit", "aim", "median", "range", "runs", "result"], listTargets(figures)),
    ...Object.keys(charts).map((name) => `![${name.replaceAll("-", " ")}](${folder}${name}.svg)`),
    "All measurements. The name ends with the unit; a name without a unit is a ratio.",
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
