import { Presets, SingleBar } from "cli-progress";

export type Progress = {
  show(done: number): void;
  end(done: number): void;
};

/**
 * Starts a live progress bar in a terminal; elsewhere prints a line for each 10 %. Both show the recent rate in records
 * per second and the remaining time at that rate.
 *
 * @param done number of records that are done at the start
 */
export function startProgress(total: number, done = 0): Progress {
  const pace = openPace(total);
  pace(done);
  return process.stdout.isTTY ? startBar(total, done, pace) : startLines(total, pace);
}

function startBar(total: number, start: number, pace: Pace): Progress {
  const format = "  {bar} {percentage}% | {value}/{total} records | {duration_formatted}{pace}";
  const bar = new SingleBar({ format, hideCursor: true }, Presets.shades_classic);
  bar.start(total, start, { pace: "" });
  function show(done: number): void {
    bar.update(done, { pace: pace(done).replace(",", " |") });
  }
  return {
    show,
    end(done) {
      show(done);
      bar.stop();
    },
  };
}

function startLines(total: number, pace: Pace): Progress {
  let shown = -1;
  function show(done: number): void {
    const text = pace(done);
    const tenth = Math.floor((10 * done) / total);
    if (tenth === shown) return;
    shown = tenth;
    console.log(`  ${tenth * 10} % (${done} of ${total} records)${text}`);
  }
  return { show, end: show };
}

/** Takes the number of records done; returns rate and remaining time as text, or an empty text. */
type Pace = (done: number) => string;

/** Samples of the rate: enough to be steady, few enough to follow a changed throttle. */
const MOST_SAMPLES = 50;

/** An earlier rate would be noise. */
const STEADY_MS = 1_000;

function openPace(total: number): Pace {
  let samples: readonly { readonly at: number; readonly done: number }[] = [];
  return (done) => {
    const now = performance.now();
    samples = [...samples, { at: now, done }].slice(-MOST_SAMPLES);
    const [first] = samples;
    if (first === undefined || now - first.at < STEADY_MS || done === first.done || done >= total) return "";
    const perSecond = (1000 * (done - first.done)) / (now - first.at);
    return `, ${Math.round(perSecond)} a second, ${formatSeconds((total - done) / perSecond)} left`;
  };
}

function formatSeconds(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
