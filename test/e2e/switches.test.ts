import { fillShop } from "@bulk/local/fill-shop";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProgram } from "../support/program.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.dispose());

test("pnpm admin pauses what it is told, says what is paused and why, and resumes exactly that", async () => {
  const { accountId } = await fillShop(database.url, "north", { products: 0, customers: 0, inUse: 0 });
  await admin("pause", "--account", "north", "--reason", "index rebuild", "--by", "night shift");
  expect((await admin("pause", "--action-type", "delete_everything")).output).toContain("delete_products");
  expect((await admin("pause", "--account", "nort")).output).toContain("There is no account nort");

  const listed = await admin("pauses", "--json");

  expect(JSON.parse(listed.output)).toMatchObject([
    {
      scope: { kind: "account", accountId },
      accountName: "north",
      reason: "index rebuild",
      pausedBy: "night shift",
    },
  ]);
  expect(await admin("resume")).toMatchObject({
    isDone: false,
    output: expect.stringContaining("no such pause"),
  });
  expect(await admin("resume", "--account", "north")).toMatchObject({ isDone: true });
  expect((await admin("pause", "--list")).output).toContain("Nothing is paused");
});

test("pnpm admin sets a throttle, changes it, lists and clears it", async () => {
  const type = ["--action-type", "delete_products"];
  await admin("throttle", "set", ...type, "--records-per-second", "500");
  await admin("throttle", "set", ...type, "--records-per-second", "20", "--by", "night shift");
  expect(await admin("throttle", "set", "--records-per-second", "1.5")).toMatchObject({ isDone: false });

  const listed = await admin("throttle", "list", "--json");

  expect(JSON.parse(listed.output)).toMatchObject([
    { actionType: "delete_products", recordsPerSecond: 20, setBy: "night shift" },
  ]);
  expect(await admin("throttle", "clear")).toMatchObject({ isDone: false });
  expect(await admin("throttle", "clear", ...type)).toMatchObject({ isDone: true });
});

async function admin(...words: readonly string[]) {
  await using program = startProgram("apps/admin/src/main.ts", { DATABASE_URL: database.url }, words);
  const { code } = await program.exited();
  return { isDone: code === 0, output: program.output() };
}
