import type { Random } from "../../chaos/random.ts";
import type { RecordDraft, TableDraft } from "./draft.ts";
import type { Hostility } from "./host.ts";
import { quote, quoteTable } from "./names.ts";

/** Draws, for one shop in eight, what an operator should hear of before the first action. */
export function drawHostility(random: Random, record: RecordDraft): Hostility | undefined {
  if (random.next() > 0.125 || record.table.partitionBy !== undefined) return undefined;
  return random.pick(WAYS)(record);
}

const WAYS: readonly ((record: RecordDraft) => Hostility)[] = [
  ({ table }) => rule(table, "DELETE", "ALSO SELECT 1"),
  ({ table }) => rule(table, "DELETE", "INSTEAD NOTHING"),
  ({ table }) => rule(table, "UPDATE", "ALSO SELECT 1"),
  ({ table }) => ({
    what: "a table inherits from the records'",
    statements: [
      `CREATE TABLE public.heirs () INHERITS (${quoteTable(table)})`,
      `INSERT INTO public.heirs SELECT * FROM ONLY ${quoteTable(table)} LIMIT 2`,
    ],
  }),
  ({ table, key }) => ({
    what: "the key is not unique",
    statements: [
      `ALTER TABLE ${quoteTable(table)} DROP CONSTRAINT ${KEY_CONSTRAINT} CASCADE`,
      `ALTER TABLE ${quoteTable(table)} DISABLE TRIGGER USER`,
      `UPDATE ${quoteTable(table)} SET ${quote(key.column)} = (SELECT ${quote(key.column)} FROM ${quoteTable(table)} LIMIT 1)
       WHERE ctid IN (SELECT ctid FROM ${quoteTable(table)} LIMIT 2)`,
      `ALTER TABLE ${quoteTable(table)} ENABLE TRIGGER USER`,
    ],
  }),
  ({ table, key }) => ({
    what: "only some rows have a unique key",
    statements: [
      `ALTER TABLE ${quoteTable(table)} DROP CONSTRAINT ${KEY_CONSTRAINT} CASCADE`,
      `CREATE UNIQUE INDEX ON ${quoteTable(table)} (${quote(key.column)}) WHERE ${quote(key.column)}::text <> ''`,
    ],
  }),
  ({ table, key }) =>
    key.type === "text"
      ? retype(table, key.column, "text COLLATE public.loose", [
          "CREATE COLLATION public.loose (provider = icu, locale = 'und', deterministic = false)",
        ])
      : rule(table, "DELETE", "INSTEAD NOTHING"),
  ({ table, key }) =>
    key.type === "text"
      ? retype(table, key.column, "character(255)", [])
      : rule(table, "UPDATE", "INSTEAD NOTHING"),
];

function rule(table: TableDraft, operation: string, way: string): Hostility {
  return {
    what: `a rule: ON ${operation} DO ${way}`,
    statements: [`CREATE RULE hostile AS ON ${operation} TO ${quoteTable(table)} DO ${way}`],
  };
}

function retype(table: TableDraft, column: string, type: string, before: readonly string[]): Hostility {
  return {
    what: `a key of the type ${type}`,
    statements: [
      ...before,
      `DO $$ DECLARE key record; BEGIN
         FOR key IN SELECT conname, conrelid::regclass AS owner FROM pg_constraint WHERE contype = 'f' LOOP
           EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.owner, key.conname);
         END LOOP;
       END $$`,
      `ALTER TABLE ${quoteTable(table)} ALTER COLUMN ${quote(column)} TYPE ${type}`,
    ],
  };
}

/** The name of the constraint that makes the key of the records unique. */
export const KEY_CONSTRAINT = "callers_key";
