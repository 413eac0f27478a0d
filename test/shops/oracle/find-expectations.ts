import type { DeclaredAction, DeclaredRecord } from "../declaration.ts";
import type { Client } from "./tables.ts";

/**
 * Says what the declaration of an action should expect: a line for each foreign key that its deletions reach, and for each
 * trigger that its changes fire. PostgreSQL prints the definitions; this file only follows the cascades.
 */
export async function findExpectations(
  client: Client,
  record: DeclaredRecord,
  action: DeclaredAction,
): Promise<readonly string[]> {
  await client.query("BEGIN; SET LOCAL search_path = ''");
  try {
    const { keys, triggers, heirs } = await readDefinitions(client);
    const touched = follow(await findTouched(client, record, action), keys, heirs);
    const lines = touched.flatMap(({ table, change }) => [
      ...keys
        .filter((key) => change === "DELETE" && key.to === table && !key.is_copy)
        .map((key) => printKey(key)),
      ...triggers
        .filter((trigger) => trigger.table === table && firesOn(trigger, change))
        .map((trigger) => printTrigger(trigger)),
    ]);
    return [...new Set(lines)].sort();
  } finally {
    await client.query("ROLLBACK");
  }
}

type Touched = { readonly table: string; readonly change: "DELETE" | "UPDATE" };

type Key = {
  readonly from: string;
  readonly to: string;
  readonly definition: string;
  readonly is_copy: boolean;
};

type Trigger = { readonly table: string; readonly definition: string; readonly is_disabled: boolean };

type Heir = { readonly child: string; readonly parent: string };

async function readDefinitions(client: Client) {
  const keys = await client.query<Key>(
    `SELECT conrelid::regclass::text AS from, confrelid::regclass::text AS to, pg_get_constraintdef(oid) AS definition,
       conparentid <> 0 AS is_copy
     FROM pg_constraint WHERE contype = 'f'`,
  );
  const triggers = await client.query<Trigger>(
    `SELECT tgrelid::regclass::text AS table, pg_get_triggerdef(oid) AS definition, tgenabled IN ('D', 'R') AS is_disabled
     FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0`,
  );
  const heirs = await client.query<Heir>(
    "SELECT inhrelid::regclass::text AS child, inhparent::regclass::text AS parent FROM pg_inherits",
  );
  return { keys: keys.rows, triggers: triggers.rows, heirs: heirs.rows };
}

async function findTouched(client: Client, record: DeclaredRecord, { steps }: DeclaredAction) {
  const touched: Touched[] = [];
  for (const step of steps) {
    const label = "delete" in step ? step.delete : step.update;
    const related = record.related?.[label];
    const schema = related?.schema ?? record.schema ?? "public";
    const { rows } = await client.query<{ name: string }>(
      "SELECT format('%I.%I', $1::text, $2::text) AS name",
      [schema, related?.table ?? record.table],
    );
    touched.push({ table: rows[0]?.name ?? "", change: "delete" in step ? "DELETE" : "UPDATE" });
  }
  return touched;
}

function follow(first: readonly Touched[], keys: readonly Key[], heirs: readonly Heir[]): readonly Touched[] {
  const touched = [...first];
  for (const { table, change } of touched) {
    const further = heirs
      .filter(({ parent }) => parent === table)
      .map(({ child }) => ({ table: child, change }));
    const reached = keys.filter((key) => change === "DELETE" && key.to === table).flatMap(passOn);
    for (const one of [...further, ...reached]) {
      if (!touched.some((other) => other.table === one.table && other.change === one.change))
        touched.push(one);
    }
  }
  return touched;
}

function passOn({ from, definition }: Key): readonly Touched[] {
  switch (ruleOf(definition)) {
    case "CASCADE":
      return [{ table: from, change: "DELETE" }];
    case "SET NULL":
    case "SET DEFAULT":
      return [{ table: from, change: "UPDATE" }];
    default:
      return [];
  }
}

function ruleOf(definition: string): string {
  return / ON DELETE (CASCADE|RESTRICT|SET NULL|SET DEFAULT)/.exec(definition)?.[1] ?? "NO ACTION";
}

const NAME = `(?:"(?:[^"]|"")*"|[a-z0-9_$]+)`;
const NAMES = `\\(${NAME}(?:, ${NAME})*\\)`;

const KEY = new RegExp(`^FOREIGN KEY (${NAMES}) REFERENCES ${NAME}\\.${NAME}(${NAMES})`);

function printKey({ from, to, definition }: Key): string {
  const [, columns, referred] = KEY.exec(definition) ?? [];
  const deferrable = / DEFERRABLE/.test(definition) ? " DEFERRABLE" : "";
  return `${from} ${columns} -> ${to} ${referred} ON DELETE ${ruleOf(definition)}${deferrable}`;
}

const TRIGGER = new RegExp(
  `^CREATE (?:CONSTRAINT )?TRIGGER (${NAME}) (BEFORE|AFTER|INSTEAD OF) ([\\s\\S]*?) ON ${NAME}\\.${NAME} ` +
    `[\\s\\S]*?FOR EACH (ROW|STATEMENT) [\\s\\S]*?EXECUTE FUNCTION (${NAME}\\.${NAME})\\(`,
);

function firesOn({ definition }: Trigger, change: Touched["change"]): boolean {
  return eventsOf(definition).some((event) => event.startsWith(change));
}

function eventsOf(definition: string): readonly string[] {
  return (TRIGGER.exec(definition)?.[3] ?? "").split(" OR ");
}

const ORDER = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"];

function printTrigger({ table, definition, is_disabled }: Trigger): string {
  const [, name, moment, , level, called] = TRIGGER.exec(definition) ?? [];
  const events = ORDER.flatMap((word) => eventsOf(definition).filter((event) => event.startsWith(word)));
  const disabled = is_disabled ? " DISABLED" : "";
  return `TRIGGER ${name} ON ${table} ${moment} ${events.join(" OR ")} ${level} EXECUTE ${called}${disabled}`;
}
