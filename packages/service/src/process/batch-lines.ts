import { type DestinationStream, pino } from "pino";

/** How long a line waits for others that are written with it. */
const WAIT_MS = 20;

/** In characters. So many are written without further waiting. */
const MOST_WAITING = 8_192;

/** https://getpino.io/#/docs/api?id=loggerlevels-object */
const ERROR = 50;

/**
 * Returns a stream that writes lines to `destination` several at a time, in their order, at most 20 ms late. A line of
 * level `error` or above is written at once, with all before it. So are all lines when the process exits, also by an
 * uncaught exception. A process that is killed by a signal loses at most the lines of the last 20 ms.
 */
export function batchLines(destination: DestinationStream): DestinationStream {
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  function writeWaiting(): void {
    clearTimeout(timer);
    timer = undefined;
    process.off("exit", writeWaiting);
    destination.write(waiting);
    waiting = "";
  }
  function wait(): void {
    timer = setTimeout(writeWaiting, WAIT_MS);
    // Before the destination's own listener, which writes what it has not written yet.
    process.prependListener("exit", writeWaiting);
  }
  const batches = {
    // With this, pino sets `lastLevel` before it writes: https://getpino.io/#/docs/api?id=metadata
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string) {
      waiting += line;
      if (timer === undefined) wait();
      if (batches.lastLevel >= ERROR || waiting.length >= MOST_WAITING) writeWaiting();
    },
  };
  return batches;
}
