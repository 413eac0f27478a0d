import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import { RECORD_OUTCOMES } from "@bulk/domain/bulk-actions/outcome";
import { isUuid } from "@bulk/domain/is-uuid";
import { findAccount, findByFirstDigits } from "@bulk/store/accounts/accounts";
import type { AllQuery, Cursor } from "@bulk/store/bulk-actions/reading/all-bulk-actions";
import type { Database } from "@bulk/store/database";
import { z } from "zod";
import { INCOMPLETE_ADDRESS, readMoment, readPlace } from "../render/place.ts";

const STATUSES: readonly BulkActionStatus[] = ["pending", "processing", "succeeded", "completed", "invalid"];

// Lists show the outcome, of which this status has several.
const STATUS_WORDS: Readonly<Partial<Record<BulkActionStatus, string>>> = {
  completed: "completed (partial, failed, canceled)",
};

/** What the statuses of the filter mean: `open` are the two that have not ended. */
export const STATUS_CHOICES: readonly (readonly [string, string])[] = [
  ["", "any"],
  ["open", "open"],
  ["paused", "paused"],
  ...STATUSES.map((status) => [status, STATUS_WORDS[status] ?? status] as const),
];

const ROWS = 25;

/** Fields of the form, as texts that the form shows again. */
export type ListFields = z.output<typeof fields>;

// The database refuses U+0000, and nothing that is filtered by has control characters.
const readable = z
  .string()
  .trim()
  .max(300)
  .regex(/^\P{Cc}*$/u);

const text = readable.catch("");

const fields = z.object({
  ...{ status: text, outcome: text, type: text, account: text, from: text, to: text, id: text },
  ...{ after: text, before: text },
});

/** What is asked for, and what is wrong with it. */
export type ListRequest = {
  readonly fields: ListFields;
  readonly query: AllQuery;
  /** In sentences; the filters they are about are left out. */
  readonly faults: readonly string[];
};

/** Reads the query string of the list. */
export async function readListQuery(query: unknown, database: Database): Promise<ListRequest> {
  const asked = fields.parse(query);
  const faults = listUnreadable(query);
  function check<Value>(field: keyof ListFields, fault: string, read: (text: string) => Value | undefined) {
    if (asked[field] === "") return undefined;
    const value = read(asked[field]);
    if (value === undefined) faults.push(fault);
    return value;
  }
  const ids = await findIds(asked.id.toLowerCase(), database);
  check("id", "The id of a bulk action is a UUID, or the first eight digits of one.", () => ids);
  const account = asked.account === "" ? undefined : await findAccount(database, asked.account);
  check("account", "There is no account of this name or id.", () => account);
  const status = check("status", "There is no such status.", readStatus);
  const outcome = check("outcome", "There is no such outcome.", (name) =>
    RECORD_OUTCOMES.find((one) => one === name),
  );
  const createdFrom = check("from", "The first moment is no date.", readMoment);
  const createdBefore = check("to", "The last moment is no date.", readMoment);
  return {
    fields: { ...asked, from: writeMoment(createdFrom), to: writeMoment(createdBefore) },
    faults,
    query: {
      accountId: account?.id,
      statuses: status?.statuses,
      isPaused: status?.isPaused,
      outcomes: outcome && [outcome],
      // As the list shows it.
      actionType: asked.type.replaceAll(" ", "_") || undefined,
      ids,
      ...{ createdFrom, createdBefore },
      after: check("after", INCOMPLETE_ADDRESS, readCursor),
      before: asked.after === "" ? check("before", INCOMPLETE_ADDRESS, readCursor) : undefined,
      limit: ROWS,
    },
  };
}

/** Finds the bulk actions of this id, or whose ids begin so; `undefined` if it is neither an id nor the start of one. */
async function findIds(id: string, database: Database): Promise<readonly string[] | undefined> {
  return isUuid(id) ? [id] : await findByFirstDigits(database, id);
}

// Without it, the list would be of more than was asked for.
function listUnreadable(query: unknown): string[] {
  const given = z.record(z.string(), z.unknown()).catch({}).parse(query);
  return Object.keys(fields.shape)
    .filter((name) => given[name] !== undefined && !readable.safeParse(given[name]).success)
    .map((name) => `“${name}” is given twice, has control characters, or is longer than 300 characters.`);
}

type StatusFilter = Pick<AllQuery, "statuses" | "isPaused">;

function readStatus(name: string): StatusFilter | undefined {
  if (name === "open") return { statuses: ["pending", "processing"], isPaused: undefined };
  if (name === "paused") return { statuses: undefined, isPaused: true };
  const status = STATUSES.find((one) => one === name);
  return status && { statuses: [status], isPaused: undefined };
}

// Browsers complain of any other form.
function writeMoment(moment: Date | undefined): string {
  return moment?.toISOString().slice(0, -1) ?? "";
}

function readCursor(written: string): Cursor | undefined {
  const place = readPlace(written);
  return place && { createdAt: place.moment, id: place.id };
}
