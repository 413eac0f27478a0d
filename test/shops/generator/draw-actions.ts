import type {
  DeclaredAction,
  DeclaredProtection,
  DeclaredRecord,
  DeclaredRelated,
  DeclaredStep,
  DeclaredValue,
} from "../declaration.ts";
import { CHANNELS } from "../hear-notifications.ts";
import type { Draft, Mark, RecordDraft, RelatedDraft } from "./draft.ts";

/** Writes the declaration of a record as its operator would, and decides what its actions do. */
export function drawDeclaredRecord(
  draft: Draft,
  record: RecordDraft,
  related: readonly RelatedDraft[],
): DeclaredRecord {
  const { schema, name } = record.table;
  const archived = record.archived && drawArchive(draft, record, record.archived, related);
  return {
    ...(schema !== "public" && { schema }),
    ...{ table: name, key: record.key, account: record.account },
    ...(record.deleted && { alive: record.deleted.isNot }),
    ...(related.length > 0 && {
      related: Object.fromEntries(related.map((one) => [one.label, declareRelated(record, one)])),
    }),
    actions: {
      delete_products: drawDelete(draft, record, related),
      ...(archived && { archive_products: archived }),
    },
  };
}

function declareRelated(
  record: RecordDraft,
  { table, of, on, where, recursive }: RelatedDraft,
): DeclaredRelated {
  return {
    ...(table.schema !== record.table.schema && { schema: table.schema }),
    table: table.name,
    ...(of && { of: of.label }),
    on,
    ...(where !== undefined && { where }),
    ...(recursive && { recursive }),
  };
}

// Steps from the inside out, as a shop's own delete does it: first what refers, last the record.
function drawDelete(draft: Draft, record: RecordDraft, related: readonly RelatedDraft[]): DeclaredAction {
  const { random } = draft;
  const isMarking = record.deleted !== undefined && random.next() < 0.7;
  const ordered = [...related].sort((one, other) => other.depth - one.depth);
  const steps = ordered.flatMap((one) => drawStep(draft, one));
  const recordStep: DeclaredStep =
    isMarking && record.deleted
      ? {
          update: "record",
          set: { ...markOf(record.deleted, record.deletedBy), ...drawExtra(draft, record) },
        }
      : { delete: "record" };
  return {
    effect: "deleted",
    steps: [...steps, recordStep],
    ...drawProtections(draft, record, related),
    ...(random.next() < 0.3 && { notify: random.pick(CHANNELS) }),
  };
}

function drawStep(
  { random }: Draft,
  { label, treatment, mark, deletedBy, on }: RelatedDraft,
): readonly DeclaredStep[] {
  switch (treatment) {
    case "delete":
      return [{ delete: label }];
    case "mark":
      return mark === undefined ? [] : [{ update: label, set: markOf(mark, deletedBy) }];
    case "set_null": {
      const columns = Object.keys(on);
      const nulled = random.next() < 0.7 ? columns : columns.slice(0, 1);
      return [{ update: label, set: Object.fromEntries(nulled.map((column) => [column, null])) }];
    }
    case "protect":
    case "leave":
      return [];
  }
}

function markOf(mark: Mark, deletedBy: string | undefined): Readonly<Record<string, DeclaredValue>> {
  return { [mark.column]: mark.set, ...(deletedBy !== undefined && { [deletedBy]: { bulk_action: "id" } }) };
}

function drawExtra({ random }: Draft, { note }: RecordDraft): Readonly<Record<string, DeclaredValue>> {
  return random.next() < 0.4 ? { [note]: random.pick(["gone", 'it\'s "gone" \\ $1', "", null]) } : {};
}

const LETTERS = "abcdefgh";

function drawProtections(
  { random }: Draft,
  { reserved }: RecordDraft,
  related: readonly RelatedDraft[],
): { readonly protections?: readonly DeclaredProtection[] } {
  const protections: DeclaredProtection[] = related
    .filter(({ treatment }) => treatment === "protect")
    .map(({ label }, index) => ({
      code: `record.has_${LETTERS[index]}`,
      message: "It's needed.",
      related: label,
    }));
  if (reserved !== undefined) {
    const where = `"${reserved.replaceAll('"', '""')}" > 0`;
    protections.push({ code: "record.reserved", message: 'Some are "reserved".', where });
  }
  return protections.length > 0 ? { protections: random.shuffle(protections) } : {};
}

function drawArchive(
  draft: Draft,
  record: RecordDraft,
  archived: Mark,
  related: readonly RelatedDraft[],
): DeclaredAction {
  const { random } = draft;
  const marks = related
    .filter(({ treatment }) => treatment === "mark")
    .flatMap((one) => drawStep(draft, one));
  return {
    effect: "archived",
    steps: [
      ...(random.next() < 0.5 ? marks : []),
      { update: "record", set: { [archived.column]: archived.set, ...drawExtra(draft, record) } },
    ],
    ...(random.next() < 0.5 ? drawProtections(draft, record, related) : {}),
    already: { code: "record.already_archived", message: "It is archived.", where: archived.is },
  };
}
