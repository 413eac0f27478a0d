import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeyedType, ODD_TEXTS } from "./odd-ids.ts";
import { grantDeclared } from "./service-role.ts";
import type { TestDatabase } from "./test-database.ts";

/** A host whose goods have keys of one type, and the file that declares them. */
export type KeyedHost = AsyncDisposable & {
  /** The value of `RECORDS`. */
  readonly file: string;
  /** Creates the host's tables: `goods`, and `good_lines` that refer to goods. */
  prepare(database: TestDatabase): Promise<void>;
  /** Adds so many goods to the account, and lines that refer to the first `inUse`. Returns their ids, all of them odd. */
  addGoods(
    database: TestDatabase,
    accountId: string,
    count: number,
    inUse?: number,
  ): Promise<readonly string[]>;
};

/** Writes the declaration. The action types are `delete_goods` and `archive_goods`. */
export async function openKeyedHost(type: KeyedType): Promise<KeyedHost> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-host-"));
  const file = join(directory, "records.json");
  await writeFile(file, JSON.stringify(declare(type)));
  let made = 0;
  return {
    file,
    async prepare(database) {
      await database.query(`
        CREATE TABLE goods (code ${type} PRIMARY KEY, owner uuid NOT NULL, archived_at timestamptz);
        CREATE TABLE good_lines (good_code ${type} NOT NULL REFERENCES goods (code));
        CREATE INDEX ON good_lines (good_code)`);
      await grantDeclared((sql) => database.query(sql), declare(type));
    },
    async addGoods(database, accountId, count, inUse = 0) {
      const ids = Array.from({ length: count }, (_, index) => makeId(type, made + index));
      made += count;
      await database.query(`INSERT INTO goods (code, owner) SELECT unnest($1::${type}[]), $2::uuid`, [
        ids,
        accountId,
      ]);
      await database.query(`INSERT INTO good_lines SELECT unnest($1::${type}[])`, [ids.slice(0, inUse)]);
      return ids;
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

function declare(type: KeyedType) {
  return {
    records: {
      good: {
        table: "goods",
        key: { column: "code", type },
        account: { column: "owner", type: "uuid" },
        related: { lines: { table: "good_lines", on: { good_code: "code" } } },
        actions: {
          delete_goods: {
            effect: "deleted",
            steps: [{ delete: "record" }],
            protections: [{ code: "record.in_use", message: "The good is on a line.", related: "lines" }],
          },
          archive_goods: {
            effect: "archived",
            steps: [{ update: "record", set: { archived_at: { now: "UTC" } } }],
            already: {
              code: "record.already_archived",
              message: "The good is already archived.",
              where: "archived_at IS NOT NULL",
            },
          },
        },
      },
    },
  };
}

const ODD_BIGINTS = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 10n, 9n].map(String);

function makeId(type: KeyedType, index: number): string {
  switch (type) {
    case "uuid":
      return randomUUID();
    case "bigint":
      return ODD_BIGINTS[index] ?? String(1_000_003n * BigInt(index) - 40_000_000n);
    case "text":
      return ODD_TEXTS[index] ?? `${ODD_TEXTS[index % ODD_TEXTS.length]?.slice(0, 200)}${index}`;
  }
}
