import { tell } from "./print.ts";

/** Returns a function that shows on stderr how many bytes of a file are sent, each tenth as a line. */
export function showSending(): (sent: number, size: number) => void {
  let shown = 0;
  return (sent, size) => {
    const tenth = Math.floor((10 * sent) / size);
    if (tenth <= shown) return;
    shown = tenth;
    tell(`  ${tenth * 10} % sent (${sent} of ${size} bytes)`);
  };
}
