import { Presets, SingleBar } from "cli-progress";

export type Progress = {
  show(done: number): void;
  end(done: number): void;
};

/** A live bar in a terminal; anywhere else a plain line whenever another tenth is done. */
export function startProgress(total: number): Progress {
  return process.stdout.isTTY ? startBar(total) : startLines(total);
}

function startBar(total: number): Progress {
  const format = "  {bar} {percentage}% | {value}/{total} records | {duration_formatted}";
  const bar = new SingleBar({ format, hideCursor: true }, Presets.shades_classic);
  bar.start(total, 0);
  return {
    show: (done) => bar.update(done),
    end(done) {
      bar.update(done);
      bar.stop();
    },
  };
}

function startLines(total: number): Progress {
  let shown = -1;
  function show(done: number): void {
    const tenth = Math.floor((10 * done) / total);
    if (tenth === shown) return;
    shown = tenth;
    console.log(`  ${tenth * 10} % (${done} of ${total} records)`);
  }
  return { show, end: show };
}
