import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/test-database.ts";
import { compareContents, readShop } from "../read-shop.ts";
import { withClient } from "../with-client.ts";
import { buildShop } from "./build-shop.ts";
import { drawShop } from "./draw-shop.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.dispose());

test("a seed gives the same shop every time, and another seed another one", () => {
  expect(drawShop(5)).toEqual(drawShop(5));
  expect(drawShop(5)).not.toEqual(drawShop(6));
});

test("shops of every key type can be built and read back as they were drawn", async () => {
  const seeds = [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13];
  const shops = seeds.map(drawShop);
  expect(new Set(shops.flatMap(({ submissions }) => submissions.map(({ keyType }) => keyType))).size).toBe(5);
  for (const shop of shops) {
    await withClient(database.url, async (client) => {
      await client.query("BEGIN");
      await buildShop(client, shop);
      const contents = await readShop(client, shop, []);
      expect([...contents.values()].map((rows) => rows.length)).toEqual(
        shop.tables.map(({ rows }) => rows.length),
      );
      expect(compareContents(contents, contents)).toEqual([]);
      await client.query("ROLLBACK");
    });
  }
});
