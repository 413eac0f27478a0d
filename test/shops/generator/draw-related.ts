import type { Draft, RecordDraft, RelatedDraft, TableDraft, Target, Treatment } from "./draft.ts";
import { drawMark } from "./draw-mark.ts";
import type { DeleteRule, HostReference } from "./host.ts";
import { createNames, quote, quoteTable } from "./names.ts";
import { createValues } from "./values.ts";

/** Draws up to four tables around the records, up to three levels deep, with their rows, and maybe a self-reference. */
export function drawRelated(draft: Draft, record: RecordDraft): readonly RelatedDraft[] {
  const { random } = draft;
  const related: RelatedDraft[] = [];
  const count = random.pick([0, 1, 2, 2, 3, 4]);
  for (let number = 0; number < count; number++) {
    const parents = related.filter(({ depth }) => depth < 3);
    // `undefined`: the record itself.
    related.push(drawChild(draft, record, parents[random.integer(-2, parents.length - 1)], number));
  }
  if (random.next() < 0.3 && record.table.partitionBy === undefined) {
    related.push(drawSelfReference(draft, record));
  }
  return related;
}

function drawChild(
  draft: Draft,
  record: RecordDraft,
  of: RelatedDraft | undefined,
  number: number,
): RelatedDraft {
  const { random } = draft;
  const parent = of === undefined ? record : of;
  const treatment = random.pick<Treatment>([
    "delete",
    "delete",
    "mark",
    "set_null",
    "protect",
    "leave",
    "leave",
  ]);
  const names = createNames(random, draft.oddness);
  const kind = random.pick(["integer", "uuid", "text", "composite"] as const);
  const isPartOfKey = kind === "composite" && treatment !== "set_null";
  const links = parent.target.columns.map(({ name, type }) => ({
    to: name,
    type,
    name: names.draw(`${plain(parent)}_id`),
  }));
  const own = names.draw(kind === "composite" ? "position" : "id");
  const nullability = isPartOfKey || random.next() < 0.2 ? "NOT NULL" : "NULL";
  const isNullable = treatment === "set_null" || nullability === "NULL";
  const table: TableDraft = {
    ...{ schema: random.next() < 0.85 ? parent.table.schema : "other", names },
    ...{ name: draft.tableNames.draw(`detail_${number}`), references: [], indexes: [], rows: [] },
    primaryKey: isPartOfKey ? [...links.map(({ name }) => name), own] : [own],
    columns: [
      ...links.map(({ name, type }) => ({ name, type: `${type} ${isNullable ? "NULL" : "NOT NULL"}` })),
      { name: own, type: kind === "composite" ? "integer NOT NULL" : ownType(draft, kind) },
    ],
  };
  const mark =
    treatment === "mark" || random.next() < 0.2 ? drawMark(random, table, "deleted_at") : undefined;
  const deletedBy = mark !== undefined && random.next() < 0.3 ? names.draw("deleted_by") : undefined;
  if (deletedBy !== undefined) table.columns.push({ name: deletedBy, type: "varchar(36) NULL" });
  const columns = links.map(({ name }) => name);
  const on = Object.fromEntries(links.map(({ name, to }) => [name, to]));
  fillChild(draft, { table, parent: parent.table, on, own, kind, mark, isNullable });
  if (random.next() < 0.85) addReference(draft, { table, parent, columns, treatment, isNullable });
  addIndex(draft, table, columns, mark?.isNot);
  return {
    ...{ label: `detail_${number}`, table, depth: (of?.depth ?? 0) + 1, of, on, treatment, mark, deletedBy },
    target: targetOf(table),
    where: mark !== undefined && random.next() < 0.7 ? mark.isNot : undefined,
    ...{ recursive: false, isSelf: false },
  };
}

function plain(parent: RecordDraft | RelatedDraft): string {
  return "label" in parent ? parent.label : "product";
}

function ownType({ random }: Draft, kind: "integer" | "uuid" | "text"): string {
  if (kind !== "integer") return `${kind} NOT NULL`;
  return random.pick(["integer NOT NULL", "bigint GENERATED ALWAYS AS IDENTITY", "serial NOT NULL"]);
}

function targetOf({ columns, primaryKey }: TableDraft): Target {
  return {
    columns: primaryKey.map((name) => {
      const type = columns.find((column) => column.name === name)?.type ?? "";
      const base = type.replace(/ (NOT NULL|NULL|GENERATED).*$/s, "");
      return { name, type: base === "serial" ? "integer" : base };
    }),
  };
}

type Reference = {
  readonly table: TableDraft;
  readonly parent: Pick<RecordDraft, "table" | "target">;
  readonly columns: readonly string[];
  readonly treatment: Treatment;
  readonly isNullable: boolean;
};

function addReference({ random }: Draft, { table, parent, columns, treatment, isNullable }: Reference): void {
  const rule = random.pick<DeleteRule>(
    treatment === "leave"
      ? ["CASCADE", "CASCADE", "SET NULL", "NO ACTION", "RESTRICT", "SET DEFAULT"]
      : ["NO ACTION", "NO ACTION", "RESTRICT", "CASCADE", "SET NULL"],
  );
  const needsNull = rule === "SET NULL" || rule === "SET DEFAULT";
  const { schema, name } = parent.table;
  const reference: HostReference = {
    columns,
    to: { schema, name, columns: parent.target.columns.map((column) => column.name) },
    rule: needsNull && !isNullable ? "NO ACTION" : rule,
    deferrable: random.pick(["", "", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"]),
  };
  table.references.push(reference);
}

function addIndex(
  { random }: Draft,
  table: TableDraft,
  columns: readonly string[],
  condition: string | undefined,
) {
  const kind = random.pick(["full", "full", "none", "partial"] as const);
  if (kind === "none") return;
  const where = kind === "partial" && condition !== undefined ? ` WHERE (${condition}\n)` : "";
  table.indexes.push(`CREATE INDEX ON ${quoteTable(table)} (${columns.map(quote).join(", ")})${where}`);
}

type Filling = {
  readonly table: TableDraft;
  readonly parent: TableDraft;
  readonly on: Readonly<Record<string, string>>;
  readonly own: string;
  readonly kind: "integer" | "uuid" | "text" | "composite";
  readonly mark: RelatedDraft["mark"];
  readonly isNullable: boolean;
};

function fillChild({ random }: Draft, { table, parent, on, own, kind, mark, isNullable }: Filling): void {
  const texts = kind === "uuid" || kind === "text" ? createValues(random, kind) : undefined;
  let number = 0;
  function add(links: Readonly<Record<string, string | null>>): void {
    number++;
    const isMarked = random.next() < 0.15;
    table.rows.push({
      ...links,
      [own]: texts?.draw() ?? String(number),
      ...(mark && { [mark.column]: isMarked ? mark.marked : mark.unmarked }),
    });
  }
  for (const row of parent.rows) {
    const count = random.pick([0, 0, 0, 1, 1, 2, 3]);
    const links = Object.fromEntries(Object.entries(on).map(([column, to]) => [column, row[to] ?? null]));
    for (let child = 0; child < count; child++) add(links);
  }
  if (isNullable) add(Object.fromEntries(Object.keys(on).map((column) => [column, null])));
}

function drawSelfReference(draft: Draft, record: RecordDraft): RelatedDraft {
  const { random } = draft;
  const { table, target } = record;
  const [to] = target.columns;
  if (to === undefined) throw new Error("The record has no target.");
  const parent = table.names.draw("parent_id");
  table.columns.push({ name: parent, type: `${to.type} NULL` });
  const treatment = random.pick<Treatment>(["set_null", "set_null", "delete", "protect", "leave"]);
  table.rows.forEach((row, index) => {
    const others = table.rows.filter(
      (_, at) => at !== index && same(record.owners[at], record.owners[index]),
    );
    const isChild = others.length > 0 && random.next() < 0.35;
    row[parent] = isChild ? (random.pick(others)[to.name] ?? null) : null;
  });
  addReference(draft, { table, parent: record, columns: [parent], treatment, isNullable: true });
  addIndex(draft, table, [parent], record.deleted?.isNot);
  return {
    ...{ label: "children", table, depth: 1, of: undefined, on: { [parent]: to.name }, target, treatment },
    ...{ mark: undefined, deletedBy: undefined, isSelf: true },
    where: record.deleted !== undefined && random.next() < 0.4 ? record.deleted.isNot : undefined,
    recursive: treatment === "delete" || (treatment === "set_null" && random.next() < 0.15),
  };
}

function same(one: readonly number[] | undefined, other: readonly number[] | undefined): boolean {
  return one?.[0] === other?.[0];
}
