import { writeFile } from "node:fs/promises";
import { openRecords } from "@bulk/records/open-records";
import type { Example } from "../support/act-out-examples.ts";
import { ODD_TEXTS } from "../support/odd-ids.ts";
import { grantDeclared, type Say } from "../support/service-role.ts";

/** Action types whose ids are no UUIDs, and some of their ids. Their tables are empty. */
const IDS = {
  delete_numbers: ["1", "-7", "9223372036854775807", "0"],
  delete_texts: ODD_TEXTS.slice(0, 20),
} as const;

/** A column of each type that a filter may compare. */
const FILTERED = {
  label: "text",
  ref: "uuid",
  small: "smallint",
  whole: "integer",
  big: "bigint",
  price: "numeric",
  active: "boolean",
  day: "date",
  local_at: "timestamp",
  at: "timestamptz",
} as const;

const KEYED = {
  number: declare("numbers", "bigint", "delete_numbers"),
  text: {
    ...declare("texts", "text", "delete_texts"),
    filters: Object.fromEntries(Object.entries(FILTERED).map(([column, type]) => [column, { column, type }])),
  },
};

/** Filters that are taken, to be spoiled. The second one matches. */
const FILTERS = [
  {
    action_type: "delete_texts",
    filter: {
      ...{ label: { in: ["a", "it's"] }, ref: { eq: "da726d7e-1074-4944-a6b3-1ee51857f9aa" } },
      ...{ small: { gte: -5, lt: 5 }, whole: { in: [1, "2"] }, big: { lte: "9223372036854775807" } },
      ...{ price: { gt: "12.50" }, active: { eq: true }, day: { eq: "2022-02-28" } },
      ...{ local_at: { is_null: false }, at: { lt: "2022-01-01T00:00:00.000001+05:30" } },
    },
    max_records: 10,
  },
  {
    action_type: "delete_products",
    filter: { created_at: { gt: "1970-01-01T00:00:00Z" }, order_lines: { exists: false } },
    ...{ max_records: 10, expected_count: 1 },
  },
];

/** Creates the tables. They must be there before an API or a worker starts. */
export async function createKeyedTables(say: Say): Promise<void> {
  const columns = Object.entries(FILTERED)
    .map(([column, type]) => `, ${column} ${type}`)
    .join("");
  const indexes = Object.keys(FILTERED).map((column) => `CREATE INDEX ON texts (account_id, ${column})`);
  await say(`
    CREATE TABLE numbers (id bigint PRIMARY KEY, account_id uuid NOT NULL);
    CREATE TABLE texts (id text PRIMARY KEY, account_id uuid NOT NULL${columns});
    ${indexes.join(";\n")}`);
  await grantDeclared(say, { records: KEYED });
}

/** Writes a file for `RECORDS` with these action types beside those of the sample shop. */
export async function writeKeyedRecords(file: string): Promise<void> {
  const shop = openRecords().declaration;
  await writeFile(file, JSON.stringify({ records: { ...shop.records, ...KEYED } }));
}

function declare(table: string, type: "bigint" | "text", actionType: keyof typeof IDS) {
  return {
    table,
    key: { column: "id", type },
    account: { column: "account_id", type: "uuid" },
    actions: { [actionType]: { effect: "deleted", steps: [{ delete: "record" }] } },
  };
}

/** Returns the examples, and those that submit UUIDs once more with each other kind of ids, and with filters. */
export function withKeyedExamples(examples: readonly Example[]): readonly Example[] {
  const filtered = examples
    .filter(({ operationId, body }) => SUBMITTING.includes(operationId) && body?.startsWith("{"))
    .flatMap((example) =>
      FILTERS.map((content) => ({ ...example, body: JSON.stringify({ bulk_action: content }) })),
    );
  const added = examples.flatMap((example) =>
    Object.entries(IDS).flatMap(([actionType, ids]) => {
      const body = respell(example.body, actionType, ids);
      return body === undefined ? [] : { ...example, body };
    }),
  );
  return [...examples, ...added, ...filtered, ...examples.flatMap(asLines)];
}

/** A body of lines with each other kind of ids. */
function asLines(example: Example): readonly Example[] {
  const type = example.headers["content-type"];
  if (type !== "text/csv" && type !== "application/x-ndjson") return [];
  return Object.entries(IDS).map(([actionType, ids]) => ({
    ...example,
    path: `/v1/bulk_actions?action_type=${actionType}`,
    body:
      type === "text/csv"
        ? `id,a\n${ids.map(quote).join("\n")}`
        : ids.map((id) => JSON.stringify(id)).join("\n"),
  }));
}

function quote(id: string): string {
  return `"${id.replaceAll('"', '""')}",b`;
}

const SUBMITTING = ["createBulkAction", "previewBulkAction"];

function respell(body: string | undefined, actionType: string, ids: readonly string[]): string | undefined {
  if (body === undefined || !body.includes("record_ids")) return undefined;
  if (body.startsWith("{"))
    return JSON.stringify({ bulk_action: { action_type: actionType, record_ids: ids } });
  const form = new URLSearchParams([["bulk_action[action_type]", actionType]]);
  for (const id of ids) form.append("bulk_action[record_ids][]", id);
  return form.toString();
}
