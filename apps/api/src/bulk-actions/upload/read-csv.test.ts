import type { KeyType } from "@bulk/domain/keys/key-type";
import { readKey } from "@bulk/domain/keys/read-key";
import { jsonOfRecordIds } from "@bulk/store/record-ids/ids-json";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import { openUploadedIds } from "./uploaded-ids.ts";

const LIMITS = { most: 1_000_000, expected: undefined };

/** What a file has: its ids, or that it is refused. */
type Outcome = readonly string[] | "refused";

const field = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b c", "12", "-7", "0", "x".repeat(255), "9007199254740993") },
  {
    weight: 2,
    arbitrary: fc.constantFrom('"a"', '"a,b"', '"a""b"', '"12"', '"a\nb"', '"a\r\nb"', '""', '"é"'),
  },
  { weight: 1, arbitrary: fc.constantFrom("é", "a,b", 'a"b', '"a', '"a"b', " a", "a\\", "\t", "012", "a\0") },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom('"', ",", "\r", "a", "1", "é", " "), maxLength: 6 }),
  },
);

const file = fc
  .tuple(fc.array(field, { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([fields, end, isEnded]) => fields.join(end) + (isEnded ? end : ""));

const cuts = fc.array(fc.nat(60), { maxLength: 5 });

test.each(["text", "bigint"] as const)(
  "files with ids of the type %s are read as csv-parse reads them",
  async (type) => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(file, cuts, async (text, at) => {
        const outcome = await readIds(readCsv, type, `id\n${text}`, at);
        expect(outcome).toEqual(readWhole(text, type));
        if (outcome !== "refused") read += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(100);
  },
);

const line = fc.oneof(
  fc.constantFrom(
    '"a"',
    '"12"',
    "12",
    "-7",
    "0",
    "9007199254740993",
    "123456789012345",
    "012",
    "1e3",
    "1.0",
    '"é"',
  ),
  fc.constantFrom(
    '{"id":"a"}',
    '{"record_id":7,"id":"b"}',
    "{}",
    "[]",
    "null",
    '"a\\u0062"',
    '"a"b',
    " ",
    "",
    "x",
  ),
  fc.json({ maxDepth: 1 }).filter((text) => !text.includes("\n")),
);

test.each(["text", "bigint"] as const)(
  "lines with ids of the type %s are read as JSON.parse reads them",
  async (type) => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 4 }), cuts, async (lines, at) => {
        const outcome = await readIds(readNdjson, type, lines.join("\n"), at);
        expect(outcome).toEqual(parseLines(lines, type));
        if (outcome !== "refused") read += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(100);
  },
);

async function readIds(
  read: typeof readCsv,
  type: KeyType,
  text: string,
  at: readonly number[],
): Promise<Outcome> {
  const ids = openUploadedIds(type, ["id", "record_id"], LIMITS);
  try {
    for await (const _ of read(cut(Buffer.from(text), at), ids, () => undefined));
  } catch {
    return "refused";
  }
  return JSON.parse(
    Buffer.concat([...jsonOfRecordIds(ids.take()).pieces()].map((piece) => Buffer.from(piece))).toString(),
  );
}

async function* cut(bytes: Buffer, at: readonly number[]): AsyncGenerator<Buffer> {
  const places = [0, ...at.toSorted((one, other) => one - other), bytes.length];
  for (const [index, place] of places.entries()) yield bytes.subarray(place, places[index + 1]);
}

function readWhole(text: string, type: KeyType): Outcome {
  try {
    const options = { record_delimiter: ["\n", "\r\n"], skip_empty_lines: true };
    const rows: readonly (readonly string[])[] = parse(text, options);
    return toOutcome(
      rows.map((row) => (row.length === 1 ? row[0] : undefined)),
      type,
    );
  } catch {
    return "refused";
  }
}

function parseLines(lines: readonly string[], type: KeyType): Outcome {
  try {
    const values = lines.filter((each) => each.trim() !== "").map((each): unknown => JSON.parse(each));
    return toOutcome(values.map(idOf), type);
  } catch {
    return "refused";
  }
}

function idOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, "id")) return Reflect.get(value, "id");
  return Object.hasOwn(value, "record_id") ? Reflect.get(value, "record_id") : value;
}

function toOutcome(values: readonly unknown[], type: KeyType): Outcome {
  const ids = values.map((value) => readKey(type, value));
  return ids.every((id) => id !== undefined) ? ids : "refused";
}
