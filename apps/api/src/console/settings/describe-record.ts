import { restorationOf } from "@bulk/actions/registry";
import type {
  ActionDeclaration,
  FilterDeclaration,
  RecordDeclaration,
  Step,
} from "@bulk/records/declaration/records-file";
import { nameTarget, tableOf } from "@bulk/records/declaration/tables";
import type { ConsoleContext } from "../context.ts";

type Context = {
  readonly api: Pick<ConsoleContext["api"], "registry">;
  readonly config: Pick<ConsoleContext["config"], "RESTORE_DAYS">;
};

/** Says in words what is declared of a kind of record: where it is, and what each action means for it. */
export function describeRecord(name: string, record: RecordDeclaration, context: Context) {
  return {
    name,
    table: nameTable(record, "record"),
    key: `${record.key.column}, ${record.key.type}`,
    account: describeAccount(record),
    alive: record.alive,
    filters: Object.entries(record.filters ?? {}).map(([field, filter]) => describeFilter(field, filter)),
    actions: Object.entries(record.actions).map(([type, action]) => ({
      type,
      effect: action.effect,
      steps: action.steps.map((step) => describeStep(record, step)),
      skips: listSkips(record, action),
      notify: action.notify,
      restore: describeRestore(type, context),
      isGuarded: action.expects !== undefined,
    })),
  };
}

function nameTable(record: RecordDeclaration, target: string): string {
  const found = tableOf(record, target);
  return found === undefined ? target : `${found.schema}.${found.table}`;
}

function describeAccount({ account }: RecordDeclaration): string {
  if (account === "none") return "none: exactly one account may exist";
  return "column" in account
    ? `the column ${account.column}`
    : `${account.join.table}.${account.join.account}`;
}

function describeFilter(field: string, filter: FilterDeclaration): string {
  return "related" in filter
    ? `${field}: whether it has ${filter.related}`
    : `${field}: ${filter.type}, the column ${filter.column}`;
}

function describeStep(record: RecordDeclaration, step: Step): string {
  const target = nameTarget(step);
  const rows = target === "record" ? "its row of" : `the related rows (${target}) of`;
  const where = `${rows} ${nameTable(record, target)}${describeRelation(record, target)}`;
  if ("delete" in step) return `deletes ${where}`;
  const changes = Object.entries(step.set).map(([column, value]) => `${column} to ${describeValue(value)}`);
  return `sets ${changes.join(", ")} in ${where}`;
}

function describeRelation({ related }: RecordDeclaration, target: string): string {
  const rows = related?.[target];
  if (rows === undefined) return "";
  const pairs = Object.entries(rows.on).map(([column, parent]) => `${column} = ${parent}`);
  return [
    ` by ${pairs.join(" and ")}`,
    ...(rows.of === undefined ? [] : [` of ${rows.of}`]),
    ...(rows.where === undefined ? [] : [`, where ${rows.where}`]),
    ...(rows.recursive ? [", and theirs"] : []),
  ].join("");
}

type Value = Extract<Step, { readonly update: string }>["set"][string];

function describeValue(value: Value): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return "now" in value ? `the moment of the bulk action (${value.now})` : "the id of the bulk action";
}

function listSkips(record: RecordDeclaration, { already, protections = [] }: ActionDeclaration) {
  return [
    ...(already === undefined ? [] : [{ ...already, when: `where ${already.where}` }]),
    ...protections.map((protection) => ({
      ...protection,
      when:
        "related" in protection
          ? `if ${nameTable(record, protection.related)} has rows of it (${protection.related})`
          : `where ${protection.where}`,
    })),
  ];
}

function describeRestore(type: string, { api, config }: Context): string {
  const restoration = restorationOf(api.registry, type);
  if (restoration === undefined) return "cannot be restored: no action takes it back";
  if (config.RESTORE_DAYS === 0) return "cannot be restored: RESTORE_DAYS is 0, so nothing is kept";
  return `can be restored for ${config.RESTORE_DAYS} days, by ${restoration.type}`;
}
