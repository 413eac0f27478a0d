import type { DeclaredAction, DeclaredRecord, DeclaredStep, DeclaredValue } from "../declaration.ts";
import { type Found, findRelated } from "./find-related.ts";
import { type Client, isRow, loadTable, quoted, type Row, readRows, type Table } from "./tables.ts";

/** What became of an id: `applied`, the code with which it was skipped or failed, or `held`. */
export type OracleOutcome = string;

/** What an action needs besides the ids. */
export type OracleRun = {
  readonly declared: DeclaredRecord;
  readonly action: DeclaredAction;
  /** The account's key in the world of the shop. */
  readonly accountKey: string;
  readonly actionId: string;
  /** The moment that the action writes, with its zone. */
  readonly moment: string;
};

/** Records that the service took in one statement, and those of them that it changed. */
export type Slice = { readonly ids: readonly string[]; readonly applied: ReadonlySet<string> };

/**
 * Does what the declaration says to one record after the other, each under a savepoint, in plain SQL of its own. Runs
 * within the caller's transaction, whose time zone must be UTC and whose role must meet the policies that the service
 * meets.
 */
export async function carryOut(
  client: Client,
  run: OracleRun,
  ids: readonly string[],
): Promise<ReadonlyMap<string, OracleOutcome>> {
  const table = await begin(client, run);
  const outcomes = new Map<string, OracleOutcome>();
  for (const id of new Set(ids))
    outcomes.set(id, await tryOut(client, () => changeOne(client, run, table, id)));
  return outcomes;
}

/**
 * Says what must become of the records of a slice, and changes those that the service changed, all at once. Reasons not
 * to change a record are those at the beginning of the slice; a record that has none, and is not changed, has the outcome
 * that it has alone.
 */
export async function carryOutSlice(
  client: Client,
  run: OracleRun,
  { ids, applied }: Slice,
): Promise<ReadonlyMap<string, OracleOutcome>> {
  const table = await begin(client, run);
  const outcomes = new Map<string, OracleOutcome>();
  for (const id of ids) {
    const outcome = applied.has(id)
      ? ((await findReason(client, run, table, id)) ?? "applied")
      : await tryOut(client, () => changeOne(client, run, table, id), { isKept: false });
    outcomes.set(id, outcome);
  }
  const together = ids.filter((id) => applied.has(id) && outcomes.get(id) === "applied");
  if (together.length > 0) {
    const outcome = await tryOut(client, () => change(client, run, table, together));
    for (const id of together) outcomes.set(id, outcome);
  }
  // A record that a trigger keeps may go all the same, as a row that belongs to another record.
  for (const id of ids.filter((one) => outcomes.get(one) === "record.kept")) {
    outcomes.set(id, (await findReason(client, run, table, id)) ?? "record.kept");
  }
  return outcomes;
}

async function begin(client: Client, { declared }: OracleRun): Promise<Table> {
  await client.query("SET CONSTRAINTS ALL DEFERRED");
  return await loadTable(client, { schema: declared.schema ?? "public", name: declared.table });
}

/** Works under a savepoint. What is not applied is undone. */
async function tryOut(
  client: Client,
  work: () => Promise<OracleOutcome>,
  { isKept } = { isKept: true },
): Promise<OracleOutcome> {
  await client.query("SAVEPOINT record");
  const outcome = await catchFault(work);
  if (outcome !== "applied" || !isKept) await client.query("ROLLBACK TO record");
  await client.query("RELEASE record");
  return outcome;
}

async function catchFault(work: () => Promise<OracleOutcome>): Promise<OracleOutcome> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error ? String(Reflect.get(error, "code")) : "";
    // A statement that this file wrote wrongly is no fault of the record.
    if (/^(42(?!501)|08|undefined)/.test(code)) throw error;
    if (error instanceof Error && error.message.includes(KEPT)) return "record.kept";
    return /^(23503|23001)$/.test(code) ? "record.conflict" : "record.internal_error";
  }
}

async function changeOne(client: Client, run: OracleRun, table: Table, id: string): Promise<OracleOutcome> {
  return (await findReason(client, run, table, id)) ?? (await change(client, run, table, [id]));
}

/** Why the record is not changed, if there is a reason; otherwise `undefined`. */
async function findReason(
  client: Client,
  { declared, action, accountKey }: OracleRun,
  table: Table,
  id: string,
): Promise<string | undefined> {
  const [record] = await findAlive(client, declared, table, id);
  if (record === undefined || !(await isOwn(client, declared, record, accountKey))) return "record.not_found";
  const { already } = action;
  if (already && (await holds(client, table, record, already.where))) return already.code;
  for (const protection of action.protections ?? []) {
    const isProtected =
      "related" in protection
        ? (await findRelated(client, declared, protection.related, record)).rows.length > 0
        : await holds(client, table, record, protection.where);
    if (isProtected) return protection.code;
  }
  return undefined;
}

function findAlive(client: Client, { key, alive }: DeclaredRecord, table: Table, id: string) {
  const isAlive = alive === undefined ? "" : ` AND (${alive}\n)`;
  return readRows(client, table, `${quoted(key.column)}::text = $1${isAlive}`, [id]);
}

async function isOwn(client: Client, { account, schema }: DeclaredRecord, record: Row, accountKey: string) {
  if (account === "none") return true;
  if ("column" in account) return record[account.column] === accountKey;
  const { join } = account;
  const table = await loadTable(client, { schema: join.schema ?? schema ?? "public", name: join.table });
  const parts = Object.entries(join.record).map(([own], index) => `${quoted(own)}::text = $${index + 2}`);
  const values = Object.values(join.record).map((column) => record[column] ?? null);
  const condition = [`${quoted(join.account)}::text = $1`, ...parts].join(" AND ");
  return (await readRows(client, table, condition, [accountKey, ...values])).length > 0;
}

async function holds(client: Client, table: Table, record: Row, expression: string): Promise<boolean> {
  const { condition, values } = isRow(table, record);
  return (await readRows(client, table, `${condition} AND (${expression}\n)`, values)).length > 0;
}

/** Changes records at once, with what belongs to them: all of them or none. */
async function change(
  client: Client,
  run: OracleRun,
  table: Table,
  ids: readonly string[],
): Promise<OracleOutcome> {
  const { declared, action } = run;
  const records = [];
  for (const id of ids) records.push(...(await findAlive(client, declared, table, id)));
  if (records.length !== ids.length) throw new Error("The records have gone.");
  for (const record of records) {
    const refused = await probe(client, run, table, record);
    if (refused !== undefined) return refused;
  }
  for (const { step, found } of await findTargets(client, run, table, records)) {
    if ("delete" in step) await remove(client, found.table, found.rows);
    for (const row of found.rows) {
      const isChanged = "update" in step && (await update(client, run, found.table, row, step.set));
      if (!isChanged && (await isThere(client, found.table, row))) return "record.kept";
    }
  }
  const isRemoved = action.steps.some((step) => "delete" in step && step.delete === "record");
  for (const record of records) {
    if (!isRemoved && (await isUndone(client, run, table, record))) return "record.kept";
  }
  await client.query("SET CONSTRAINTS ALL IMMEDIATE");
  await client.query("SET CONSTRAINTS ALL DEFERRED");
  return "applied";
}

// The record decides first: what its own triggers refuse comes before faults of rows that belong to it. The statement
// always fails, from within, before its foreign keys are checked.
async function probe(client: Client, run: OracleRun, table: Table, record: Row) {
  const step = run.action.steps.find((one) => ("delete" in one ? one.delete : one.update) === "record");
  if (step === undefined) throw new Error("No step is on the record.");
  const row = isRow(table, record);
  const { text, values } =
    "delete" in step
      ? { text: `DELETE FROM ${table.sql} WHERE ${row.condition}`, values: row.values }
      : composeUpdate(run, table, record, step.set);
  await client.query("SAVEPOINT probe");
  try {
    await client.query(
      `WITH probed AS (${text} RETURNING true) SELECT ('probed: ' || count(*))::integer FROM probed`,
      [...values],
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (message.includes('"probed: 0"')) return "record.kept";
    if (!message.includes('"probed: 1"')) throw error;
  }
  await client.query("ROLLBACK TO probe");
  return undefined;
}

type Target = { readonly step: DeclaredStep; readonly found: Found };

// Looked up before anything changes: afterwards the rows can no longer be found. What is deleted from the records' own
// table is deleted together: the rows may refer to each other in a circle.
async function findTargets(
  client: Client,
  run: OracleRun,
  table: Table,
  records: readonly Row[],
): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for (const step of run.action.steps) {
    const label = "delete" in step ? step.delete : step.update;
    const rows = label === "record" ? { table, rows: records } : undefined;
    targets.push({ step, found: rows ?? (await findOthers(client, run.declared, label, records)) });
  }
  const removals = targets.filter(({ step, found }) => "delete" in step && found.table.sql === table.sql);
  const last = removals.at(-1);
  if (last === undefined) return targets;
  const rows = distinct(
    table,
    removals.flatMap(({ found }) => found.rows),
  );
  return targets.flatMap((target) => {
    if (target === last) return [{ step: target.step, found: { table, rows } }];
    return removals.includes(target) ? [] : [target];
  });
}

// A row that is itself one of the records is changed once: as a record.
async function findOthers(
  client: Client,
  declared: DeclaredRecord,
  label: string,
  records: readonly Row[],
): Promise<Found> {
  const found = [];
  for (const record of records) found.push(await findRelated(client, declared, label, record));
  const [first] = found;
  if (first === undefined) throw new Error("There are no records.");
  const { table } = first;
  const rows = distinct(
    table,
    found.flatMap((one) => one.rows),
  );
  const isOwn = table.name === declared.table && table.schema === (declared.schema ?? "public");
  const own = new Set(isOwn ? records.map((record) => identify(table, record)) : []);
  return { table, rows: rows.filter((row) => !own.has(identify(table, row))) };
}

function distinct(table: Table, rows: readonly Row[]): readonly Row[] {
  return [...new Map(rows.map((row) => [identify(table, row), row])).values()];
}

function identify(table: Table, row: Row): string {
  return JSON.stringify(table.primaryKey.map((name) => row[name]));
}

async function isThere(client: Client, table: Table, row: Row): Promise<boolean> {
  const { condition, values } = isRow(table, row);
  return (await readRows(client, table, condition, values)).length > 0;
}

// An update that a trigger undid leaves a record that the action could be applied to again.
async function isUndone(client: Client, { declared, action }: OracleRun, table: Table, record: Row) {
  const isAlive = declared.alive === undefined || (await holds(client, table, record, declared.alive));
  return isAlive && !(action.already && (await holds(client, table, record, action.already.where)));
}

// Together, as a shop deletes them: rows of one step may refer to each other. A row that a trigger or policy keeps fails
// the statement from within: otherwise a foreign key of the kept row might fail it first.
async function remove(client: Client, table: Table, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const keys = table.primaryKey.map((name) => `${quoted(name)}::text`).join(", ");
  const values = rows.flatMap((row) => table.primaryKey.map((name) => row[name] ?? ""));
  const places = values.map((_, index) => `$${index + 1}`);
  const tuples = rows.map((_, index) => {
    const start = index * table.primaryKey.length;
    return `(${places.slice(start, start + table.primaryKey.length).join(", ")})`;
  });
  const condition = `(${keys}) IN (${tuples.join(", ")})`;
  await client.query(
    `WITH removed AS (DELETE FROM ${table.sql} WHERE ${condition} RETURNING true)
     SELECT CASE WHEN (SELECT count(*) FROM removed) < (SELECT count(*) FROM ${table.sql} WHERE ${condition})
       THEN (SELECT '${KEPT}' || count(*) FROM removed)::integer END`,
    values,
  );
}

const KEPT = "rows were kept: ";

async function update(
  client: Client,
  run: OracleRun,
  table: Table,
  row: Row,
  set: Readonly<Record<string, DeclaredValue>>,
): Promise<boolean> {
  const { text, values } = composeUpdate(run, table, row, set);
  return (await client.query(text, [...values])).rowCount === 1;
}

function composeUpdate(
  run: OracleRun,
  table: Table,
  row: Row,
  set: Readonly<Record<string, DeclaredValue>>,
): { readonly text: string; readonly values: readonly (string | null)[] } {
  const { condition, values } = isRow(table, row);
  const assignments = Object.entries(set).map(([column, value], index) => {
    const place = `$${values.length + index + 1}`;
    return { text: `${quoted(column)} = ${write(table, column, value, place)}`, value: read(run, value) };
  });
  return {
    text: `UPDATE ${table.sql} SET ${assignments.map(({ text }) => text).join(", ")} WHERE ${condition}`,
    values: [...values, ...assignments.map(({ value }) => value)],
  };
}

function write(table: Table, column: string, value: DeclaredValue, place: string): string {
  if (typeof value !== "object" || value === null || !("now" in value)) return place;
  const type = table.columns.find(({ name }) => name === column)?.type;
  const moment = `${place}::timestamptz`;
  return type === "timestamp without time zone" ? `${moment} AT TIME ZONE '${value.now}'` : moment;
}

function read({ actionId, moment }: OracleRun, value: DeclaredValue): string | null {
  if (value === null) return null;
  if (typeof value === "object") return "now" in value ? moment : actionId;
  return String(value);
}
