import { Presets, SingleBar } from "cli-progress";

export type Progress = {
  show(done: number): void;
  end(done: number): void;
};

/**
 * A live bar in a terminal; anywhere else a plain line whenever another tenth is done. Both tell how many records a
 * second there were lately, and how long the rest will take at that rate.
 *
 * @param done how many are done at the beginning
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
    const words = pace(done);
    const tenth = Math.floor((10 * done) / total);
    if (tenth === shown) return;
    shown = tenth;
    console.log(`  ${tenth * 10} % (${done} of ${total} records)${words}`);
  }
  return { show, end: show };
}

/** Takes how many are done now; answers the rate and what is left, in words, or nothing. */
type Pace = (done: number) => string;

/** Of so many looks: long enough to be steady, and soon new when a throttle changes. */
const LOOKS = 50;

/** Before that a rate would be chance. */
const STEADY_MS = 1_000;

function openPace(total: number): Pace {
  let looks: readonly { readonly at: number; readonly done: number }[] = [];
  return (done) => {
    const now = performance.now();
    looks = [...looks, { at: now, done }].slice(-LOOKS);
    const [first] = looks;
    if (first === undefined || now - first.at < STEADY_MS || done === first.done || done >= total) return "";
    const perSecond = (1000 * (done - first.done)) / (now - first.at);
    return `, ${Math.round(perSecond)} a second, ${tellSeconds((total - done) / perSecond)} left`;
  };
}

function tellSeconds(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
