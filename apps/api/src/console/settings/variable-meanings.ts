import { readFileSync } from "node:fs";

/** What `.env.example` says of a variable. */
export type VariableMeaning = {
  /** Its comment. */
  readonly meaning: string;
  /** The heading it stands under, which says who reads it. */
  readonly heading: string;
};

/** Reads the meanings from `.env.example`, the one place that has them; none if the file is not deployed. */
export function readMeanings(): ReadonlyMap<string, VariableMeaning> {
  try {
    return parseMeanings(readFileSync(new URL("../../../../../.env.example", import.meta.url), "utf8"));
  } catch {
    return new Map();
  }
}

/** Parses the format of `.env.example`: headings, and a comment above each variable. */
export function parseMeanings(text: string): ReadonlyMap<string, VariableMeaning> {
  const meanings = new Map<string, VariableMeaning>();
  let heading = "";
  let meaning = "";
  for (const line of text.split("\n")) {
    const [, title] = /^## (.*)$/.exec(line) ?? [];
    const [, comment] = /^# (.*)$/.exec(line) ?? [];
    const [, name] = /^#?([A-Z][A-Z0-9_]*)=/.exec(line) ?? [];
    if (title !== undefined) heading = title;
    else if (comment !== undefined) meaning = comment;
    else if (name !== undefined) meanings.set(name, { meaning, heading });
  }
  return meanings;
}
