import type { Progress } from "bulk-actions-client/types";
import { Presets, SingleBar } from "cli-progress";
import { tell } from "./print.ts";

/** Shows the progress of one bulk action on stderr. */
export type ProgressBar = {
  show(progress: Progress): void;
  stop(): void;
};

/** Opens a live bar in a terminal; elsewhere each tenth is a line. Both show the recent rate and the remaining time. */
export function openProgressBar(now: () => number = () => performance.now()): ProgressBar {
  const pace = openPace(now);
  return process.stderr.isTTY ? openLiveBar(pace) : openLines(pace);
}

function openLiveBar(pace: Pace): ProgressBar {
  const format = "  {bar} {percentage}% | {value}/{total} records{pace}{note}";
  const bar = new SingleBar({ format, hideCursor: true, stream: process.stderr }, Presets.shades_classic);
  let isStarted = false;
  return {
    show(progress) {
      if (!isStarted) bar.start(progress.total, progress.processed, { pace: "", note: "" });
      isStarted = true;
      bar.update(progress.processed, { pace: pace(progress), note: noteOf(progress) });
    },
    stop: () => bar.stop(),
  };
}

function openLines(pace: Pace): ProgressBar {
  let shown = -1;
  return {
    show(progress) {
      const { processed, total } = progress;
      const tenth = Math.floor((10 * processed) / total);
      const rate = pace(progress);
      if (tenth === shown) return;
      shown = tenth;
      tell(`  ${tenth * 10} % (${processed} of ${total} records)${rate}${noteOf(progress)}`);
    },
    stop() {},
  };
}

function noteOf({ braked_by }: Progress): string {
  return braked_by === null ? "" : " | slow: others use the database";
}

/** Takes the progress; returns rate and remaining time as text, or an empty text. */
type Pace = (progress: Progress) => string;

/** Enough to be steady, few enough to follow a change. */
const MOST_SAMPLES = 20;

/** An earlier rate would be noise. */
const STEADY_MS = 1_000;

function openPace(now: () => number): Pace {
  let samples: readonly { readonly at: number; readonly done: number }[] = [];
  return ({ processed: done, total }) => {
    const at = now();
    samples = [...samples, { at, done }].slice(-MOST_SAMPLES);
    const [first = { at, done }] = samples;
    if (at - first.at < STEADY_MS || done === first.done || done >= total) return "";
    const perSecond = (1_000 * (done - first.done)) / (at - first.at);
    return ` | ${Math.round(perSecond)}/s, ${showSeconds((total - done) / perSecond)} left`;
  };
}

function showSeconds(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
