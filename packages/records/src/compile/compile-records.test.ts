import { readFileSync } from "node:fs";
import type { Action } from "@bulk/actions/action";
import { composeFastStatement } from "@bulk/store/chunks/apply-chunk";
import { applying } from "@bulk/store/chunks/chunk-effect";
import { expect, test } from "vitest";
import { parseRecords } from "../declaration/load-records.ts";
import { openRecords } from "../open-records.ts";
import { compileRecords } from "./compile-records.ts";

test("deleting a record alone is the statement that a person would write", () => {
  const action = load(openRecords().registry, "delete_products");
  expect(lines(applying(action).sql)).toEqual([
    'DELETE FROM "public"."products" USING chunk_records',
    'WHERE "products"."id" = chunk_records.bulk_record_id',
    'AND "products"."account_id"::text = chunk_records.bulk_account_key',
    "AND NOT EXISTS (",
    'SELECT FROM "public"."line_items" AS "order_lines"',
    'WHERE "order_lines"."product_id" = "products"."id")',
    'RETURNING "products"."id" AS bulk_record_id, CASE WHEN (SELECT claimed.kept_slot FROM claimed) IS NOT NULL ' +
      'THEN ("products".*)::text END AS bulk_kept, true AS bulk_is_applied',
  ]);
  expect(action.follow).toBeUndefined();
  expect(action.rights).toEqual({
    '"public"."products"': ["SELECT", "DELETE"],
    '"public"."line_items"': ["SELECT"],
  });
});

test("a declaration with several steps compiles to one named query for each", () => {
  const [action] = compileRecords(parseRecords("records.json", readExample()));
  expect(lines((action?.follow?.queries ?? []).map(({ sql }) => sql).join("\n"))).toMatchSnapshot();
  expect(lines(action?.follow?.isComplete.sql ?? "")).toMatchSnapshot();
  expect(lines(action?.skipCode.sql ?? "")).toMatchSnapshot();
});

test("an applied record is already, then protected, then unknown", () => {
  const { skips, skipCode } = load(openRecords().registry, "archive_products");
  expect(skips).toEqual({
    "record.already_archived": { message: "The product is already archived.", isAlreadyDone: true },
  });
  expect(lines(skipCode.sql)).toEqual([
    "COALESCE((",
    "SELECT CASE WHEN (archived_at IS NOT NULL) THEN 'record.already_archived' END",
    'FROM "public"."products"',
    'WHERE "products"."id" = chunk_records.bulk_record_id',
    'AND "products"."account_id"::text = chunk_records.bulk_account_key',
    "), 'record.not_found')",
  ]);
});

test("the statement of a chunk has the pieces of the action in their places", () => {
  const source = { bulkActionId: "the bulk action", actionType: "archive_products", generation: 1 };
  const statement = composeFastStatement(source, load(openRecords().registry, "archive_products"));
  expect(lines(statement.text)).toMatchSnapshot();
  expect(statement.values).toMatchSnapshot();
});

function load(registry: ReadonlyMap<string, Action>, type: string): Action {
  const action = registry.get(type);
  if (action === undefined) throw new Error(`There is no action ${type}.`);
  return action;
}

function lines(sql: string): readonly string[] {
  return sql
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function readExample(): string {
  const page = readFileSync(new URL("../../../../docs/records.md", import.meta.url), "utf8");
  return /```json file=records.json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
}
