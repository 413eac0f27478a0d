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

const KEYED = {
  number: declare("numbers", "bigint", "delete_numbers"),
  text: declare("texts", "text", "delete_texts"),
};

/** Creates the tables. They must be there before an API or a worker starts. */
export async function createKeyedTables(say: Say): Promise<void> {
  await say(`
    CREATE TABLE numbers (id bigint PRIMARY KEY, account_id uuid NOT NULL);
    CREATE TABLE texts (id text PRIMARY KEY, account_id uuid NOT NULL)`);
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

/** Returns the examples, and those that submit UUIDs once more with each other kind of ids. */
export function withKeyedExamples(examples: readonly Example[]): readonly Example[] {
  const added = examples.flatMap((example) =>
    Object.entries(IDS).flatMap(([actionType, ids]) => {
      const body = respell(example.body, actionType, ids);
      return body === undefined ? [] : { ...example, body };
    }),
  );
  return [...examples, ...added, ...examples.flatMap(asLines)];
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

function respell(body: string | undefined, actionType: string, ids: readonly string[]): string | undefined {
  if (body === undefined || !body.includes("record_ids")) return undefined;
  if (body.startsWith("{"))
    return JSON.stringify({ bulk_action: { action_type: actionType, record_ids: ids } });
  const form = new URLSearchParams([["bulk_action[action_type]", actionType]]);
  for (const id of ids) form.append("bulk_action[record_ids][]", id);
  return form.toString();
}
