import type { EChartsCoreOption } from "echarts/core";
import type { Wake } from "./wake.ts";

const TITLE = "A shop wakes and falls silent during a bulk action (shaded: checkouts arrive)";

/** Latency of every checkout over time, the deletion's rate under it; shaded while the shop is active. */
export function drawWake({ rates, checkouts, opensAt, closesAt }: Wake): EChartsCoreOption {
  const startedAt = rates.find(({ perSecond }) => perSecond > 0)?.at ?? opensAt;
  const seconds = (at: number) => roundTo(3, (at - startedAt) / 1_000);
  const shade = {
    ...{ silent: true, itemStyle: { color: "#5470c6", opacity: 0.12 } },
    data: [[{ xAxis: seconds(opensAt) }, { xAxis: seconds(closesAt) }]],
  };
  const latencies = checkouts.map(({ dueAt, milliseconds }) => [seconds(dueAt), roundTo(1, milliseconds)]);
  const speeds = rates
    .filter(({ at }) => at >= startedAt)
    .map(({ at, perSecond }) => [seconds(at), roundTo(0, perSecond)]);
  const until = Math.ceil(Math.max(0, ...speeds.map(([at]) => at ?? 0)));
  const sides = { left: 75, right: 30 };
  return {
    ...{ animation: false, backgroundColor: "#fff", title: { text: TITLE, textStyle: { fontSize: 15 } } },
    grid: [
      { ...sides, top: 70, height: 90 },
      { ...sides, top: 215, height: 90 },
    ],
    xAxis: [0, 1].map((gridIndex) => ({ gridIndex, type: "value", min: 0, max: until })),
    yAxis: [
      { gridIndex: 0, type: "value", name: "checkout, ms" },
      { gridIndex: 1, type: "value", name: "ids per second" },
    ],
    series: [
      { ...onGrid(0), type: "scatter", symbolSize: 3, data: latencies, markArea: shade },
      { ...onGrid(1), type: "line", showSymbol: false, data: speeds, markArea: shade },
    ],
  };
}

function onGrid(index: number) {
  return { xAxisIndex: index, yAxisIndex: index };
}

function roundTo(places: number, value: number): number {
  return Number(value.toFixed(places));
}
