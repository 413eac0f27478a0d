import { isUuid } from "@bulk/domain/is-uuid";
import { InvalidArgumentError } from "commander";
import { knownActions } from "../known-actions.ts";

/** Parses the whole id of a token or bulk action; returns it in lower case. */
export function parseId(text: string): string {
  if (isUuid(text)) return text.toLowerCase();
  throw new InvalidArgumentError("Give the whole id, as the list commands show it.");
}

/** Parses the name of an account or token. */
export function parseName(text: string): string {
  // Names are printed to terminals, so control characters are refused.
  if (/^(?!\s)[^\p{C}]{1,200}(?<!\s)$/u.test(text)) return text;
  throw new InvalidArgumentError(
    "It must be 1 to 200 characters, no control characters, no space around it.",
  );
}

/** Parses what the tables of a shop have for an account. */
export function parseKey(text: string): string {
  // The longest key of a record, too.
  if (/^[^\p{C}]{1,255}$/u.test(text)) return text;
  throw new InvalidArgumentError("It must be 1 to 255 characters, no control characters.");
}

/** Parses the number of rows to list. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 1_000) return limit;
  throw new InvalidArgumentError("It must be a whole number from 1 to 1000.");
}

/** Parses a duration such as `30d`; returns milliseconds. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS.get(unit ?? "");
  if (unitMs !== undefined && Number(count) > 0) return Number(count) * unitMs;
  throw new InvalidArgumentError("It must be a number followed by s, m, h or d, such as 30d.");
}

const UNITS_MS = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** Parses a moment: a date, a date with a time, or a duration before now such as `7d`. */
export function parseMoment(text: string): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() - parseDuration(text));
  // A date without a time is midnight UTC.
  const moment = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(moment.getTime())) return moment;
  throw new InvalidArgumentError(
    "It must be a date, such as 2026-11-01 or 2026-11-01T12:00Z, or 7d for seven days ago.",
  );
}

/** Parses an action type. Throws for a type that this version's workers do not know: a switch for it would have no effect. */
export function parseActionType(text: string): string {
  const registry = knownActions();
  if (registry.has(text)) return text;
  throw new InvalidArgumentError(`Known types: ${[...registry.keys()].join(", ")}.`);
}
