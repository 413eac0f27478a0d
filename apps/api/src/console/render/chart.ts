import { duration, inGroups, time } from "./words.ts";

export type Chart = {
  /** What one bar counts, such as `Records per second`. Trusted text. */
  readonly label: string;
  /** One bar each, of the same length of time. */
  readonly values: readonly number[];
  /** When the first bar begins. */
  readonly from: Date;
  readonly secondsPerBar: number;
};

/**
 * Draws bars as inline SVG, with its peak and its ends in words, which are not after now. The SVG is stretched to its box, so it holds no text. A
 * chart library (uPlot, 50 kB and a script) would draw this after the page is there, and not without a script.
 */
export function drawChart({ label, values, from, secondsPerBar }: Chart): string {
  const peak = Math.max(0, ...values);
  const said = `${label}: at most ${inGroups(Math.round(peak))}`;
  const bars = values.map((value, index) => drawBar(value, index, peak)).join("");
  const until = new Date(Math.min(Date.now(), from.getTime() + 1_000 * secondsPerBar * values.length));
  return (
    `<figure class="chart"><figcaption>${said}</figcaption>` +
    `<svg role="img" aria-label="${said}, in ${values.length} bars of ${duration(1_000 * secondsPerBar)}" ` +
    `viewBox="0 0 ${Math.max(values.length, 1)} ${HEIGHT}" preserveAspectRatio="none">${bars}</svg>` +
    `<div class="axis"><span>${time(from)}</span><span>${time(until)}</span></div></figure>`
  );
}

const HEIGHT = 100;

// A bar that stands for anything is seen.
function drawBar(value: number, index: number, peak: number): string {
  if (value <= 0) return "";
  const height = Math.max(2, (HEIGHT * value) / peak);
  return `<rect x="${index + 0.1}" y="${(HEIGHT - height).toFixed(1)}" width="0.8" height="${height.toFixed(1)}"/>`;
}
