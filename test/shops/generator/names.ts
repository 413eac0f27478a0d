import type { Random } from "../../chaos/random.ts";

/** Draws identifiers, each once. */
export type Names = {
  /** @param unlike names that it must not be */
  draw(plain: string, unlike?: readonly string[]): string;
};

/** @param oddness how many of the names are other than the plain ones, from 0 to 1 */
export function createNames(random: Random, oddness: number): Names {
  const odd = [...random.shuffle(ODD)];
  const taken = new Set<string>();
  return {
    draw(plain, unlike = []) {
      const drawn = random.next() < oddness ? odd.pop() : undefined;
      const spelled = drawn === undefined || unlike.includes(drawn) ? plain : drawn;
      let name = spelled;
      for (let count = 2; taken.has(name); count++) name = `${spelled}_${count}`;
      taken.add(name);
      return name;
    },
  };
}

/** Reserved words, other letters, punctuation, and the names that the service's own statements use. */
const ODD: readonly string[] = [
  ...["select", "user", "order", "table", "group", "from", "where", "all", "end", "default", "check"],
  ...[
    "Mixed Case",
    "camelCase",
    "UPPER",
    "with space",
    "a.b",
    'quo"te',
    "apo'strophe",
    "semi;colon",
    "$1",
    "%s",
    "?",
  ],
  ...["日本語", "Größe", "имя", "اسم", "emoji😀", "back\\slash", "new\nline", "--", "/*", "{}", "1st", "_"],
  ...["record_id", "account_id", "chunk_records", "ordinal", "claimed", "changed", "applied", "effected"],
  ...[
    "skipped",
    "slice",
    "chunk",
    "position",
    "code",
    "count",
    "ids",
    "codes",
    "is_applied",
    "record_ids",
    "text_ids",
  ],
  ...[
    "left_over",
    "free",
    "bulk_action",
    "bulk_action_id",
    "bulk_action_chunks",
    "record",
    "records",
    "id",
    "key",
  ],
  ...[
    "x".repeat(63),
    "ctid_",
    "oid",
    "now",
    "current_user",
    "bulk",
    "public",
    "pg_catalog",
    "related",
    "moment",
  ],
];

/** Quotes an identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a table's name with its schema. */
export function quoteTable({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quote(schema)}.${quote(name)}`;
}
