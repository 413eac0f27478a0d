import { readFile } from "node:fs/promises";

const BYTES_PER_MEGABYTE = 1024 ** 2;
const BYTES_PER_KILOBYTE = 1024;

/** Linux counts processor time in hundredths of a second for everyone who reads it. */
const TICKS_PER_SECOND = 100;

/** What a process keeps in memory now and kept at most so far; on Linux only. */
export async function readMemory(
  pid: number,
): Promise<{ readonly megabytes: number; readonly peakMegabytes: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return { megabytes: readField(status, "VmRSS"), peakMegabytes: readField(status, "VmHWM") };
}

/** Processor time a process has used so far, in seconds; on Linux only. */
export async function readProcessorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime are fields 14 and 15; the
  // name before them may hold spaces, but it ends with the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function readField(status: string, name: string): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  return (Number(kilobytes) * BYTES_PER_KILOBYTE) / BYTES_PER_MEGABYTE;
}
