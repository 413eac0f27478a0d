import type { Action } from "@bulk/actions/action";
import { compileRecords } from "@bulk/records/compile/compile-records";
import { identifier, sql } from "@bulk/store/sql";

/** A table of records with a key of one type, and what refers to it. */
export type Keyed = { readonly type: "uuid" | "bigint" | "text"; readonly key: string };

/** Thirty characters, as a shop with texts has them. */
const TEXT_KEY = "'prod_' || substr(md5(random()::text || n), 1, 25)";

export const UUIDS: Keyed = { type: "uuid", key: "gen_random_uuid()" };
export const BIGINTS: Keyed = { type: "bigint", key: "4000000000 + n" };
export const TEXTS: Keyed = { type: "text", key: TEXT_KEY };

/** Creates a schema anew with the table of one type: records of the account, lines of none, and children of each. */
export function createTables(
  schema: string,
  { type, key }: Keyed,
  { accountId, count, children }: { accountId: string; count: number; children: number },
): string {
  return `
    DROP SCHEMA IF EXISTS ${schema} CASCADE;
    CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.goods (
      id ${type} PRIMARY KEY, account_id uuid NOT NULL, name text NOT NULL, sku text NOT NULL, price int NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz);
    CREATE TABLE ${schema}.line (id bigint PRIMARY KEY, good_id ${type} NOT NULL REFERENCES ${schema}.goods ON DELETE RESTRICT);
    CREATE TABLE ${schema}.variant (
      id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, good_id ${type} NOT NULL, name text, deleted_at timestamptz);
    INSERT INTO ${schema}.goods SELECT ${key}, '${accountId}', 'Good ' || n, 'SKU-' || n, n FROM generate_series(1, ${count}) AS n;
    INSERT INTO ${schema}.variant (good_id, name)
      SELECT id, 'Variant ' || n FROM ${schema}.goods, generate_series(1, ${children}) AS n;
    CREATE INDEX ON ${schema}.goods (account_id);
    CREATE INDEX ON ${schema}.line (good_id);
    CREATE INDEX ON ${schema}.variant (good_id);
    ANALYZE ${schema}.goods, ${schema}.line, ${schema}.variant;`;
}

const LINES = { lines: { table: "line", on: { good_id: "id" } } };
const VARIANTS = {
  variants: { table: "variant", on: { good_id: "id" }, where: "deleted_at IS NULL" },
};
const IN_USE = { code: "record.in_use", message: "It is on a line.", related: "lines" };

/** The actions that are measured: what a declaration compiles to. */
export function declareActions(
  schema: string,
  type: Keyed["type"],
): { readonly deletes: Action; readonly marks: Action } {
  const set = { deleted_at: { now: "UTC" } };
  const compiled = compileRecords({
    records: {
      good: {
        ...{ schema, table: "goods", key: { column: "id", type } },
        ...{ account: { column: "account_id", type: "uuid" }, alive: "deleted_at IS NULL" },
        related: { ...LINES, ...VARIANTS },
        actions: {
          delete_goods: { effect: "deleted", steps: [{ delete: "record" }], protections: [IN_USE] },
          mark_goods: {
            effect: "deleted",
            steps: [
              { update: "variants", set },
              { update: "record", set },
            ],
          },
        },
      },
    },
  });
  const [deletes, marks] = compiled.filter(({ restores }) => restores === undefined);
  if (deletes === undefined || marks === undefined) throw new Error("There are two actions.");
  return { deletes, marks };
}

/** The action as a person writes it in code. */
export function writeAction(schema: string): Action {
  return {
    type: "delete_goods",
    recordType: "good",
    effect: "deleted",
    rights: {},
    table: identifier(schema, "goods"),
    key: { type: "uuid", column: sql`goods.id`, name: "id" },
    change: { kind: "delete" },
    condition: sql`
    goods.id = chunk_records.bulk_record_id
      AND goods.account_id = chunk_records.bulk_account_id
      AND goods.deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM ${identifier(schema, "line")} WHERE line.good_id = goods.id)`,
    skipCode: sql`'record.not_found'`,
    skips: {},
  };
}
