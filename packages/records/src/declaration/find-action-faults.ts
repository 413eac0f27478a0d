import { quoteIdentifier } from "@bulk/store/quote-identifier";
import type { RecordsFault } from "./describe-issues.ts";
import { unknownRelated } from "./find-related-faults.ts";
import type { ActionDeclaration, RecordDeclaration, Step } from "./records-file.ts";
import { takesBackMarks } from "./restorable.ts";
import { isOnTable, nameTarget, tableOf } from "./tables.ts";

type ActionFaults = (
  record: RecordDeclaration,
  action: ActionDeclaration,
) => readonly { readonly at: string; readonly message: string }[];

/** Finds what is wrong with one action of a record. `place` is the path of the action. */
export function findActionFaults(
  place: string,
  record: RecordDeclaration,
  action: ActionDeclaration,
): readonly RecordsFault[] {
  return RULES.flatMap((find) => find(record, action)).map(({ at, message }) => ({
    place: at === "" ? place : `${place}.${at}`,
    message,
  }));
}

const RULES: readonly ActionFaults[] = [
  findUnknownTargets,
  findWrongRecordSteps,
  findRepeatedTables,
  findFixedColumns,
  findUnmarked,
  findTakenWords,
  findZones,
  findUnknownMarks,
];

function findUnknownTargets(record: RecordDeclaration, { steps, protections = [] }: ActionDeclaration) {
  const targets = [
    ...steps.map((step, index) => ({ at: `steps.${index}`, name: nameTarget(step) })),
    ...protections.flatMap((protection, index) =>
      "related" in protection ? { at: `protections.${index}.related`, name: protection.related } : [],
    ),
  ];
  return targets
    .filter(
      ({ at, name }) =>
        record.related?.[name] === undefined && (name !== "record" || !at.startsWith("steps")),
    )
    .map(({ at, name }) => ({ at, message: unknownRelated(record, name) }));
}

function findWrongRecordSteps(_record: RecordDeclaration, { steps }: ActionDeclaration) {
  const { length } = steps.filter((step) => nameTarget(step) === "record");
  if (length === 1) return [];
  const message =
    length === 0
      ? 'no step is on the record; add { "delete": "record" } or { "update": "record", "set": … }'
      : `${length} steps are on the record; keep one`;
  return [{ at: "steps", message }];
}

// Two changes of one row in one statement: PostgreSQL makes only one of them, and does not say which.
function findRepeatedTables(record: RecordDeclaration, { steps }: ActionDeclaration) {
  return steps.flatMap((step, index) => {
    const earlier = steps.slice(0, index).filter((other) => collide(record, step, other));
    if (earlier.length === 0) return [];
    const message = `an earlier step changes the table ${tableOf(record, nameTarget(step))?.table} as well; make it one step`;
    return [{ at: `steps.${index}`, message }];
  });
}

function collide(record: RecordDeclaration, step: Step, other: Step): boolean {
  const [name, otherName] = [nameTarget(step), nameTarget(other)];
  if (name === otherName) return name !== "record";
  // Rows of the record's own table that are records of the chunk themselves are left to the step on the record.
  if (name === "record" || otherName === "record") return false;
  return isOnTable(record, name, otherName) && ("update" in step || "update" in other);
}

function findFixedColumns(record: RecordDeclaration, { steps }: ActionDeclaration) {
  const children = Object.entries(record.related ?? {}).filter(([, { of = "record" }]) => of === "record");
  return steps.flatMap((step, index) => {
    if (!("update" in step) || step.update !== "record") return [];
    return Object.keys(step.set).flatMap((column) => {
      const at = `steps.${index}.set.${column}`;
      if (column === record.key.column) return [{ at, message: "the key of a record cannot change" }];
      const reader = children.find(([, { on }]) => Object.values(on).includes(column));
      return reader === undefined
        ? []
        : [{ at, message: `the related rows ${reader[0]} are found by this column; it cannot change` }];
    });
  });
}

// Otherwise a second run would change the record again, and no record would count as changed.
function findUnmarked(record: RecordDeclaration, { steps, already }: ActionDeclaration) {
  const index = steps.findIndex((step) => "update" in step && step.update === "record");
  const step = steps[index];
  if (step === undefined || !("update" in step)) return [];
  const conditions = [record.alive, already?.where].filter((condition) => condition !== undefined);
  if (Object.keys(step.set).some((column) => conditions.some((text) => mentions(text, column)))) return [];
  const message =
    'the record would still be as before for this action; set a column that "alive" or "already" looks at';
  return [{ at: `steps.${index}`, message }];
}

// Of a column that needs no quotes PostgreSQL reads any case; of a quoted one exactly its name.
function mentions(expression: string, column: string): boolean {
  if (expression.includes(quoteIdentifier(column))) return true;
  const words = expression.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, " ").toLowerCase();
  return words.split(/[^\p{L}\p{N}_$]+/u).includes(column);
}

/** The other keys beside the effect in counts and details, and outcomes that all actions share. */
const TAKEN_WORDS = [
  "applied",
  "failed",
  "not_attempted",
  "outcome",
  "pending",
  "processed",
  "skipped",
  "total",
  "finished",
  "restored",
];

const COMMON_CODES = [
  "record.not_found",
  "record.kept",
  "record.no_longer_matches",
  "record.unexplained",
  "record.not_attempted",
  "record.locked",
  "record.timeout",
  "record.conflict",
  "record.internal_error",
];

function findTakenWords(
  _record: RecordDeclaration,
  { effect, protections = [], already }: ActionDeclaration,
) {
  const codes = [
    ...(already === undefined ? [] : [{ at: "already.code", code: already.code }]),
    ...protections.map(({ code }, index) => ({ at: `protections.${index}.code`, code })),
  ];
  const taken = codes.flatMap(({ at, code }, index) => {
    if (COMMON_CODES.includes(code))
      return [{ at, message: `${code} has a meaning already; choose another code` }];
    const isRepeated = codes.slice(0, index).some((earlier) => earlier.code === code);
    return isRepeated
      ? [{ at, message: `${code} stands above already; each reason needs a code of its own` }]
      : [];
  });
  return TAKEN_WORDS.includes(effect)
    ? [{ at: "effect", message: `${effect} has a meaning already; choose another word` }, ...taken]
    : taken;
}

function findZones(_record: RecordDeclaration, { steps }: ActionDeclaration) {
  return steps.flatMap((step, index) => {
    if (!("update" in step)) return [];
    return Object.entries(step.set).flatMap(([column, value]) =>
      typeof value === "object" && value !== null && "now" in value && !isZone(value.now)
        ? [
            {
              at: `steps.${index}.set.${column}.now`,
              message: "is not a time zone; write UTC or one such as Europe/Berlin",
            },
          ]
        : [],
    );
  });
}

// Otherwise a restore could not tell its marks from those that stood before.
function findUnknownMarks(_record: RecordDeclaration, { steps }: ActionDeclaration) {
  return steps.flatMap((step, index) => {
    if (!takesBackMarks(step)) return [];
    if (Object.values(step.set).some((value) => typeof value === "object" && value !== null)) return [];
    const message =
      'nothing tells the marks of this bulk action from others; set a column to { "now": "UTC" } or { "bulk_action": "id" }';
    return [{ at: `steps.${index}.restore`, message }];
  });
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
