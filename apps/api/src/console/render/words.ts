/** `1,000,000` */
export function inGroups(count: number): string {
  return count.toLocaleString("en");
}

/** `1 record`, `1,234 records` */
export function countRecords(count: number): string {
  return inGroupsOf(count, "record");
}

/** A number with its noun: `1 id`, `1,234 ids`. */
export function inGroupsOf(count: number, noun: string): string {
  return `${inGroups(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Returns a moment as HTML: the script of the console shows it in the viewer's zone, with the exact one on hover. Without
 * the script it is in UTC.
 */
export function time(moment: Date | null | undefined): string {
  if (moment === null || moment === undefined) return "–";
  const iso = moment.toISOString();
  const exact = `${iso.slice(0, 10)} ${iso.slice(11, 23)} UTC`;
  return `<time datetime="${iso}" title="${exact}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}

/** `3 d 4 h`, `1 h 2 m`, `4 m 12 s`, `12 s`, `0.4 s` */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

/** The share of a whole as a whole number of percent, 100 only when all is there. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((100 * part) / whole);
}

/** `delete_products` → `delete products` */
export function inWords(name: string): string {
  return name.replaceAll("_", " ");
}
