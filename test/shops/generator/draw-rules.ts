import type { Draft, RecordDraft, RelatedDraft, TableDraft } from "./draft.ts";
import { quote, quoteTable } from "./names.ts";

/** Where triggers of the shop write what they saw. */
export const EVENTS = { schema: "public", name: "host_events" } as const;

/** Draws triggers and policies of the shop on the records and on what belongs to them. */
export function drawRules(
  draft: Draft,
  record: RecordDraft,
  related: readonly RelatedDraft[],
): readonly string[] {
  const { random } = draft;
  const rules: string[] = [];
  const children = related.filter(({ isSelf }) => !isSelf).map(({ table }) => table);
  if (random.next() < 0.35) rules.push(...drawHold(draft, record.table, "record"));
  if (random.next() < 0.25 && children.length > 0)
    rules.push(...drawHold(draft, random.pick(children), "child"));
  for (const table of [record.table, ...children])
    if (random.next() < 0.25) rules.push(...drawLog(draft, table));
  if (random.next() < 0.2) rules.push(...countVersions(random.pick([record.table, ...children])));
  if (random.next() < 0.15) rules.push(...drawPolicy(draft, record.table));
  return rules;
}

// A flag on some rows, and a trigger that minds it.
function drawHold({ random }: Draft, table: TableDraft, who: string): readonly string[] {
  const column = table.names.draw("legal_hold");
  table.columns.push({ name: column, type: "boolean NOT NULL DEFAULT false" });
  for (const row of table.rows) row[column] = random.next() < 0.12 ? "t" : "f";
  const operation = random.pick(["DELETE", "UPDATE", "UPDATE OR DELETE"]);
  const held = `OLD.${quote(column)}`;
  const name = quote(`hold_${who}`);
  const way = random.pick(["veto", "veto", "raise", "at_commit"] as const);
  const codes = ["P0001", "23503", "23514", "22012", "P0002"];
  const raise = `RAISE EXCEPTION 'held' USING ERRCODE = '${random.pick(codes)}';`;
  const kept = "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;";
  const then = way === "veto" ? "RETURN NULL;" : raise;
  const create =
    way === "at_commit"
      ? `CREATE CONSTRAINT TRIGGER ${name} AFTER ${operation} ON ${quoteTable(table)}
           DEFERRABLE INITIALLY DEFERRED`
      : `CREATE TRIGGER ${name} BEFORE ${operation} ON ${quoteTable(table)}`;
  return [
    `CREATE FUNCTION public.${name}() RETURNS trigger LANGUAGE plpgsql AS $rule$
       BEGIN IF ${held} THEN ${then} END IF; ${kept} END $rule$`,
    `${create} FOR EACH ROW EXECUTE FUNCTION public.${name}()`,
  ];
}

// SECURITY DEFINER: the shop's triggers write where the service may not.
function drawLog({ random }: Draft, table: TableDraft): readonly string[] {
  const function_ = quote(`log_${table.name}`.slice(0, 40));
  const isByStatement = random.next() < 0.3 && table.partitionBy === undefined;
  const operation = random.pick(["DELETE", "UPDATE"]);
  const keys = table.primaryKey.map((column) => `${quote(column)}::text`).join(" || '/' || ");
  const from = isByStatement ? "gone" : "(SELECT OLD.*) AS gone";
  const transition = isByStatement ? "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT" : "FOR EACH ROW";
  return [
    `CREATE FUNCTION public.${function_}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $rule$ BEGIN
       INSERT INTO public.host_events (seen) SELECT TG_TABLE_NAME || ' ' || TG_OP || ' ' || ${keys} FROM ${from};
       PERFORM pg_notify('host', TG_TABLE_NAME); RETURN NULL; END $rule$`,
    `CREATE TRIGGER log_it AFTER ${operation} ON ${quoteTable(table)} ${transition}
       EXECUTE FUNCTION public.${function_}()`,
  ];
}

function countVersions(table: TableDraft): readonly string[] {
  const column = table.names.draw("version");
  table.columns.push({ name: column, type: "integer NOT NULL DEFAULT 1" });
  return [
    `CREATE FUNCTION public.count_versions() RETURNS trigger LANGUAGE plpgsql AS $rule$
       BEGIN NEW.${quote(column)} := OLD.${quote(column)} + 1; RETURN NEW; END $rule$`,
    `CREATE TRIGGER count_versions BEFORE UPDATE ON ${quoteTable(table)} FOR EACH ROW EXECUTE FUNCTION public.count_versions()`,
  ];
}

function drawPolicy({ random }: Draft, table: TableDraft): readonly string[] {
  const column = table.names.draw("is_private");
  table.columns.push({ name: column, type: "boolean NOT NULL DEFAULT false" });
  for (const row of table.rows) row[column] = random.next() < 0.2 ? "t" : "f";
  const visible = `(NOT ${quote(column)})`;
  const [select, change] = random.pick([
    [visible, "(true)"],
    ["(true)", visible],
  ] as const);
  const name = quoteTable(table);
  return [
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY sees ON ${name} FOR SELECT USING ${select}`,
    `CREATE POLICY deletes ON ${name} FOR DELETE USING ${change}`,
    `CREATE POLICY updates ON ${name} FOR UPDATE USING ${change} WITH CHECK (true)`,
  ];
}
