import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { drawShop } from "./generator/draw-shop.ts";
import { prepareServer } from "./prepare-server.ts";
import { runShop, type ShopReport } from "./run-shop.ts";

// `pnpm shops` draws as many more as one likes.
const COUNT = 40;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase("own");
  await prepareServer(database.url);
});

afterAll(() => database.dispose());

test(`of ${COUNT} random shops, each is served as its declaration says, or refused by plan`, {
  timeout: 600_000,
}, async () => {
  const reports: ShopReport[] = [];
  for (let seed = 1; seed <= COUNT; seed++) {
    const report = await runShop(database.url, drawShop(seed));
    expect({ seed, differences: report.differences }).toEqual({ seed, differences: [] });
    reports.push(report);
  }
  expect(new Set(reports.map(({ kind }) => kind))).toEqual(new Set(["drawn", "planned", "refused"]));
  const codes = new Set(reports.flatMap(({ outcomes }) => [...outcomes.keys()]));
  for (const code of [
    "applied",
    "record.not_found",
    "record.kept",
    "record.conflict",
    "record.internal_error",
    "held",
  ]) {
    expect(codes).toContain(code);
  }
});
