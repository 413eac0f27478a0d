import type { Random } from "../../chaos/random.ts";
import type { Mark, TableDraft } from "./draft.ts";
import { quote } from "./names.ts";

/** Adds a column that marks rows: a moment with or without zone, a flag, a word or a number. */
export function drawMark(random: Random, table: TableDraft, plain: string): Mark {
  const column = table.names.draw(plain);
  const name = quote(column);
  const kind = random.pick([
    "timestamptz",
    "timestamptz",
    "timestamp",
    "boolean",
    "text",
    "smallint",
  ] as const);
  switch (kind) {
    case "timestamptz":
    case "timestamp": {
      table.columns.push({ name: column, type: `${kind} NULL` });
      const zone = random.pick(["UTC", "UTC", "Asia/Kolkata"]);
      const mark = { column, set: { now: zone }, marked: "2020-02-02 02:02:02.02+00", unmarked: null };
      return { ...mark, isNot: vary(random, `${name} IS NULL`), is: `${name} IS NOT NULL` };
    }
    case "boolean":
      table.columns.push({ name: column, type: "boolean NOT NULL DEFAULT false" });
      return { column, set: true, marked: "t", unmarked: "f", isNot: vary(random, `NOT ${name}`), is: name };
    case "text": {
      table.columns.push({ name: column, type: "text NOT NULL DEFAULT 'active'" });
      const mark = { column, set: "it's $1 \\ gone", marked: "it's $1 \\ gone", unmarked: "active" };
      return { ...mark, isNot: vary(random, `${name} = 'active'`), is: `${name} = 'it''s $1 \\ gone'` };
    }
    case "smallint":
      table.columns.push({ name: column, type: "smallint NOT NULL DEFAULT 0" });
      return {
        column,
        set: 9,
        marked: "9",
        unmarked: "0",
        isNot: vary(random, `${name} < 5`),
        is: `${name} = 9`,
      };
  }
}

// The same condition in ways that tear it apart when it is pasted without care.
function vary(random: Random, condition: string): string {
  const ways = [
    condition,
    condition,
    condition,
    `${condition} OR 1 = 2`,
    `1 = 2 OR ${condition}`,
    `${condition} AND 'a ? b % $1 :c' <> '--'`,
  ];
  return random.pick(ways);
}
