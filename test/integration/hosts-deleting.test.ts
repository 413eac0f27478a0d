import { compareTable } from "@bulk/compare/find-differences";
import { onlyColumns, readTables, type Table } from "@bulk/compare/read-tables";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHost, HOSTS, type HostName } from "../support/hosts/create-host.ts";
import { OWN_DELETES } from "../support/hosts/own-deletes.ts";
import { countReasons } from "../support/reasons.ts";
import { pathTo } from "../support/repository.ts";
import type { TestDatabase } from "../support/test-database.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

type Kind = "product" | "customer";

/** All ids that the shop calls alive, and the skip codes of those that the service must leave alone. */
type Expected = {
  readonly ids: string;
  readonly left: string;
  readonly reasons: Readonly<Record<string, number>>;
};

const EXPECTED: Readonly<Record<HostName, Readonly<Record<Kind, Expected>>>> = {
  vendure: {
    // Product 7 and customer 7 were deleted before; every tenth product is in another channel only.
    product: {
      ids: "SELECT id::text FROM product ORDER BY product.id",
      left: `"deletedAt" IS NOT NULL OR id % 10 = 9`,
      reasons: { "record.not_found": 6 },
    },
    customer: {
      ids: "SELECT id::text FROM customer ORDER BY customer.id",
      left: `"deletedAt" IS NOT NULL`,
      reasons: { "record.not_found": 1 },
    },
  },
  medusa: {
    product: {
      ids: "SELECT id FROM product ORDER BY id",
      left: `deleted_at IS NOT NULL OR id IN (
        SELECT product_id FROM product_variant v JOIN product_variant_inventory_item ON variant_id = v.id
        JOIN inventory_level USING (inventory_item_id) WHERE reserved_quantity > 0)`,
      reasons: { "record.not_found": 1, "record.reserved": 8 },
    },
    customer: {
      ids: "SELECT id FROM customer ORDER BY id",
      left: `deleted_at IS NOT NULL OR id IN (
        SELECT app_metadata ->> 'customer_id' FROM auth_identity WHERE app_metadata ? 'user_id')`,
      reasons: { "record.not_found": 1, "record.shared_login": 3 },
    },
  },
  evershop: {
    product: { ids: "SELECT uuid::text FROM product ORDER BY product_id", left: "false", reasons: {} },
    customer: { ids: "SELECT uuid::text FROM customer ORDER BY customer_id", left: "false", reasons: {} },
  },
};

describe.each(HOSTS)("on a shop like %s", (host) => {
  let service: TestService;
  let token: string;

  beforeEach(async () => {
    service = await openTestService(
      { RECORDS: pathTo(`examples/${host}/records.json`), CHUNK_SIZE: "7" },
      { host: "own", prepare: (database) => createHost(database, host) },
    );
    const shop = await service.fillShop({}, "shop");
    token = shop.token;
    await service.database.query("UPDATE bulk.accounts SET key = '1' WHERE id = $1", [shop.accountId]);
    await service.startWorker();
  });

  afterEach(() => service[Symbol.asyncDispose]());

  test.each<Kind>(["product", "customer"])(
    "delete_%ss leaves what the shop's own code leaves",
    async (kind) => {
      const { ids, left, reasons } = EXPECTED[host][kind];
      const all = await listIds(service.database, ids);
      const kept = await listIds(service.database, ids.replace(" ORDER", ` WHERE ${left} ORDER`));
      const before = await readShop(service.database);
      const byShop = await deleteByShop(
        service.database,
        host,
        kind,
        all.filter((id) => !kept.includes(id)),
      );

      const { id } = await service.submit(token, `delete_${kind}s`, all);
      const ended = await service.finished(token, id);

      expect(await countReasons(service.database, id)).toEqual(reasons);
      expect(ended.skipped_record_ids).toEqual(kept);
      const byService = await readShop(service.database);
      const compared = before.map((table, index) =>
        compareTable(table, byShop[index] ?? table, byService[index] ?? table),
      );
      expect(compared.filter(({ differences }) => differences.length > 0)).toEqual([]);
      expect(compared.filter(({ changed, deleted }) => changed + deleted > 0).length).toBeGreaterThan(2);
    },
  );
});

async function listIds(database: TestDatabase, query: string): Promise<readonly string[]> {
  const rows = await database.query<Record<string, string>>(query);
  return rows.map((row) => Object.values(row)[0] ?? "");
}

/** EverShop's events have keys of their own. */
async function readShop({ query }: TestDatabase): Promise<readonly Table[]> {
  const tables = await readTables(query);
  return tables.map((table) => (table.name === "event" ? onlyColumns(table, ["name", "data"]) : table));
}

/** What the shop's code would leave; it is rolled back. */
async function deleteByShop(
  database: TestDatabase,
  host: HostName,
  kind: Kind,
  ids: readonly string[],
): Promise<readonly Table[]> {
  await database.query("BEGIN");
  for (const id of ids) {
    for (const statement of OWN_DELETES[host][kind]) await database.query(statement, [id]);
  }
  const left = await readShop(database);
  await database.query("ROLLBACK");
  return left;
}
