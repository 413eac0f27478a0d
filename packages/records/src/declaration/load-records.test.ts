import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadRecords, parseRecords, RecordsError } from "./load-records.ts";

const EXAMPLE = readExample();

test("the example of docs/records.md can be used", () => {
  expect(Object.keys(parseRecords("records.json", EXAMPLE).records)).toEqual(["product"]);
});

test("a file that is not there, and one that is not JSON, are refused", () => {
  expect(() => loadRecords("/nowhere/records.json")).toThrow(/ENOENT.*Set RECORDS/);
  expect(() => loadRecords("/")).toThrow("It is not a file.");
  expect(listFaults("{")).toEqual([expect.stringContaining("The file is not JSON")]);
});

type Change = readonly [name: string, from: string, to: string, fault: string];

const CHANGES: readonly Change[] = [
  ["an unknown key", '"table": "product",', '"tabel": "product",', "records.product: "],
  ["an unknown type of key", '"uuid", "type": "uuid"', '"uuid", "type": "int"', "records.product.key.type: "],
  [
    "an account without column",
    '"column": "store_id", "type"',
    '"type"',
    "records.product.account.column: expected string",
  ],
  [
    "an unknown parent",
    '"of": "variants"',
    '"of": "variant"',
    'no related rows "variant"; declared are variants',
  ],
  [
    "a cycle",
    '"table": "product_variant",',
    '"table": "product_variant", "of": "prices",',
    'records.product.related.prices.of: prices is related to itself through "of"',
  ],
  [
    "an unknown step",
    '{ "delete": "prices" }',
    '{ "delete": "price" }',
    "steps.0: there are no related rows",
  ],
  [
    "an unknown protection",
    '"related": "order_lines"',
    '"related": "lines"',
    "protections.0.related: there are no related rows",
  ],
  ["no step on the record", '"update": "record"', '"update": "prices"', "steps: no step is on the record"],
  [
    "two steps on one table",
    '{ "delete": "prices" }',
    '{ "delete": "variants" }',
    "an earlier step changes the table product_variant as well",
  ],
  [
    "a record that stays alive",
    '"record", "set": { "deleted_at"',
    '"record", "set": { "hidden_at"',
    'set a column that "alive" or "already" looks at',
  ],
  [
    "a changed key",
    '"record", "set": { "',
    '"record", "set": { "uuid": null, "',
    "the key of a record cannot change",
  ],
  [
    "a changed column of a reference",
    '"record", "set": { "',
    '"record", "set": { "product_id": null, "',
    "the related rows variants are found by this column",
  ],
  [
    "no zone",
    '"deleted_at": { "now": "UTC" } } }\n',
    '"deleted_at": { "now": "noon" } } }\n',
    "is not a time zone",
  ],
  [
    "an unknown value",
    '{ "bulk_action": "id" }',
    '{ "bulk_action": "name" }',
    "set.deleted_by.bulk_action: ",
  ],
  ["a taken effect", '"effect": "deleted"', '"effect": "skipped"', "skipped has a meaning already"],
  ["a taken code", '"code": "record.in_use"', '"code": "record.kept"', "record.kept has a meaning already"],
  ["a repeated code", '"record.reserved"', '"record.in_use"', "record.in_use stands above already"],
  [
    "an expression that ends too early",
    '"reserved_quantity > 0"',
    '"true) OR (true"',
    "closes a parenthesis",
  ],
  ["an expression that ends too late", '"reserved_quantity > 0"', '"(true"', "opens a parenthesis"],
  [
    "an expression of a reference that ends too early",
    '"on": { "parent_id"',
    '"on": { "(parent_id) = (id)"',
    "closes a parenthesis",
  ],
  ["a comment", '"reserved_quantity > 0"', '"true -- yes"', "must not contain a comment"],
  ["a statement", '"reserved_quantity > 0"', '"true; DROP TABLE x"', "without a semicolon"],
  [
    "a restore of marks that nothing tells from others",
    '"set": { "deleted_at": { "now": "UTC" } } }',
    '"set": { "deleted_at": "2020-01-01" }, "restore": { "deleted_at": null } }',
    "nothing tells the marks of this bulk action from others",
  ],
  ["a reserved name", '"children": {', '"applied": {', "the name applied is taken"],
];

test.each(CHANGES)("%s is refused", (_name, from, to, fault) => {
  expect(EXAMPLE).toContain(from);
  const faults = listFaults(EXAMPLE.replace(from, to));
  expect(faults.join("\n")).toContain(fault);
});

test("an action type of two records is refused", () => {
  const { records } = JSON.parse(EXAMPLE) as { readonly records: Readonly<Record<string, unknown>> };
  const twice = JSON.stringify({ records: { ...records, article: records["product"] } });
  expect(listFaults(twice)).toEqual([
    "records.article.actions.delete_products: product has an action delete_products as well; rename one of them, " +
      "an action type is unique in the file",
  ]);
});

test("a restore with the name of another action is refused", () => {
  const marks = '"set": { "deleted_at": { "now": "UTC" } } }';
  const text = EXAMPLE.replace(marks, `${marks.slice(0, -1)}, "restore": { "deleted_at": null } }`).replace(
    '"effect": "deleted"',
    '"effect": "deleted", "restored_by": "delete_products"',
  );
  expect(listFaults(text)).toEqual([
    "records.product.actions.delete_products.restored_by: product has an action delete_products as well, or one that " +
      "delete_products takes back; choose another name for what takes this one back",
  ]);
});

test("all faults are listed together", () => {
  const faults = listFaults(
    EXAMPLE.replace('"delete": "prices"', '"delete": "price"').replace('"UTC"', '"noon"'),
  );
  expect(faults).toHaveLength(2);
});

test("parentheses, quotes and semicolons within strings and quoted names mean nothing", () => {
  const condition = `"odd ) name" = ') -- ; ''' AND note <> E'\\')'`;
  const text = EXAMPLE.replace('"reserved_quantity > 0"', JSON.stringify(condition));
  expect(() => parseRecords("records.json", text)).not.toThrow();
});

function listFaults(text: string): readonly string[] {
  try {
    parseRecords("records.json", text);
    return [];
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error;
    return error.faults.map(({ place, message }) => (place === "" ? message : `${place}: ${message}`));
  }
}

function readExample(): string {
  const page = readFileSync(new URL("../../../../docs/records.md", import.meta.url), "utf8");
  const [, example] = /```json file=records.json\n([\s\S]*?)```/.exec(page) ?? [];
  if (example === undefined) throw new Error("docs/records.md has no example.");
  return example;
}
