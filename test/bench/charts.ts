import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkAreaComponent, TitleComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { type Figure, roundOff } from "./figures.ts";

type Figures = Readonly<Record<string, Figure>>;

use([BarChart, LineChart, ScatterChart]);
use([GridComponent, LegendComponent, MarkAreaComponent, TitleComponent, SVGRenderer]);

/** The charts for which all figures are there, by name. */
export function drawCharts(figures: Figures): Readonly<Record<string, EChartsCoreOption>> {
  const charts: readonly (readonly [name: string, option: EChartsCoreOption | undefined])[] = [
    ["throughput", drawBars(figures, "Ids deleted per second", THROUGHPUT)],
    ["small-beside-big", drawBars(figures, "Ten ids, from POST to the end: p95 in milliseconds", SMALL)],
    ["growth", drawGrowth(figures)],
    ["scale-out", drawScaleOut(figures)],
  ];
  return Object.fromEntries(charts.flatMap(([name, option]) => (option ? [[name, option]] : [])));
}

const THROUGHPUT = [
  ["bare DELETE, 4 connections", "floor_ids_per_second"],
  ["this service, queue on Redis", "ids_per_second"],
  ["this service, queue on PostgreSQL", "ids_per_second_postgres_queue"],
  ["BullMQ, all jobs at once", "bullmq_all_jobs_ids_per_second"],
  ["BullMQ flow", "bullmq_flow_ids_per_second"],
  ["graphile-worker", "graphile_worker_ids_per_second"],
  ["pg-boss", "pg_boss_ids_per_second"],
  ["BullMQ, a job per record", "job_per_record_ids_per_second"],
  ["loop of prisma.product.delete", "delete_loop_ids_per_second"],
] as const;

const SMALL = [
  ["idle, Redis", "small_idle_p95_milliseconds"],
  ["beside a big action, Redis", "small_beside_big_p95_milliseconds"],
  ["idle, PostgreSQL queue", "small_idle_postgres_queue_p95_milliseconds"],
  ["beside a big action, PostgreSQL queue", "small_beside_big_postgres_queue_p95_milliseconds"],
] as const;

function drawBars(
  figures: Figures,
  title: string,
  bars: readonly (readonly [label: string, figure: string])[],
): EChartsCoreOption | undefined {
  const known = bars.flatMap(([label, name]) => {
    const figure = figures[name];
    return figure === undefined ? [] : [{ label, value: figure.median }];
  });
  if (known.length === 0) return undefined;
  return {
    ...titled(title),
    grid: { left: 240, right: 70, top: 50, bottom: 30 },
    xAxis: { type: "value" },
    yAxis: { type: "category", inverse: true, data: known.map((bar) => bar.label) },
    series: [{ type: "bar", data: known.map(({ value }) => labelled(value)) }],
  };
}

function labelled(value: number) {
  return { value, label: { show: true, position: "right", formatter: roundOff(value) } };
}

function drawGrowth(figures: Figures): EChartsCoreOption | undefined {
  const sizes = [1_000, 10_000, 100_000, 1_000_000].filter(
    (size) => figures[`growth_${size}_ids_microseconds_per_id`],
  );
  if (sizes.length < 2) return undefined;
  const line = (name: string, key: string) => ({
    ...{ name, type: "line" },
    data: sizes.map((size) => figures[`growth_${size}_ids_${key}`]?.median),
  });
  return {
    ...titled("One action, from a thousand ids to a million"),
    ...{ legend: { bottom: 0 }, grid: { left: 60, right: 30, top: 50, bottom: 60 } },
    xAxis: { type: "category", data: sizes.map((size) => `${size.toLocaleString("en")} ids`) },
    yAxis: { type: "value", min: 0 },
    series: [
      line("µs per id", "microseconds_per_id"),
      line("worker, MB at most", "worker_megabytes"),
      line("API, MB at most", "api_megabytes"),
      line("Redis, MB at most", "redis_megabytes"),
    ],
  };
}

const COUNTS = [1, 2, 4];

function drawScaleOut(figures: Figures): EChartsCoreOption | undefined {
  const rate = (workers: number, lanes: number) =>
    figures[`scale_${workers}_workers_${lanes}_lanes_ids_per_second`]?.median;
  if (rate(2, 2) === undefined) return undefined;
  return {
    ...titled("Ids deleted per second, by workers and lanes"),
    ...{ legend: { bottom: 0 }, grid: { left: 70, right: 30, top: 50, bottom: 60 } },
    xAxis: { type: "category", data: COUNTS.map((lanes) => `WINDOW ${lanes}`) },
    yAxis: { type: "value", min: 0 },
    series: COUNTS.map((workers) => ({
      ...{ name: `${workers} worker${workers > 1 ? "s" : ""}`, type: "bar" },
      data: COUNTS.map((lanes) => rate(workers, lanes)),
    })),
  };
}

function titled(text: string) {
  return { animation: false, backgroundColor: "#fff", title: { text, textStyle: { fontSize: 15 } } };
}

/** The chart as SVG. */
export function renderChart(option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 760, height: 340 });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
