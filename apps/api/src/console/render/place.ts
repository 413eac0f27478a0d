import { isUuid } from "@bulk/domain/is-uuid";

/** A place between two rows of a list that is ordered by moment and id: beside this one. */
export type Place = { readonly moment: Date; readonly id: string };

/** What to say of an address whose place cannot be read. */
export const INCOMPLETE_ADDRESS = "The page's address is incomplete.";

/** Writes a place for an address. */
export function writePlace({ moment, id }: Place): string {
  return `${moment.toISOString()}_${id}`;
}

/** Reads a place from an address; `undefined` for anything else. */
export function readPlace(written: string): Place | undefined {
  const [text = "", id = ""] = written.split("_");
  const moment = readMoment(text);
  return moment && isUuid(id) ? { moment, id } : undefined;
}

/**
 * Reads a moment, in UTC if it says no zone: a browser's field has none, and its form says so. Returns `undefined` before 1970
 * and after 9999, which PostgreSQL does not read as JavaScript writes it.
 */
export function readMoment(written: string): Date | undefined {
  const moment = new Date(/T\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(written) ? `${written}Z` : written);
  const year = moment.getUTCFullYear();
  return year >= 1970 && year < 10_000 ? moment : undefined;
}
