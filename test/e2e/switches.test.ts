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
  expect((await admin("pause", "--account", "nort")).output).toContain('There is no account "nort"');

  const listed = await admin("pauses", "--json");

  expect(JSON.parse(listed.output)).toEqual([
    {
      scope: { kind: "account", account_id: accountId },
      account_name: "north",
      reason: "index rebuild",
      paused_by: "night shift",
      paused_at: expect.any(String),
    },
  ]);
  for (const words of [["pause"], ["pause", "--all", "--account", "north"], ["resume"]]) {
    expect(await admin(...words)).toMatchObject({ code: 2, output: expect.stringContaining("--all") });
  }
  expect(await admin("resume", "--all")).toMatchObject({
    isDone: false,
    output: expect.stringContaining("no such pause"),
  });
  const both = ["--account", "north", "--action-type", "delete_products"];
  expect((await admin("pause", ...both)).output).toContain(
    "account north, action type delete_products  since",
  );
  expect(await admin("resume", ...both)).toMatchObject({ isDone: true });
  expect(await admin("resume", "--account", "north")).toMatchObject({ isDone: true });
  expect((await admin("pause", "--list")).output).toContain("Nothing is paused");
});

test("pnpm admin sets a throttle, changes it, lists and clears it", async () => {
  const type = ["--action-type", "delete_products"];
  await admin("throttle", "set", ...type, "--records-per-second", "500");
  await admin("throttle", "set", ...type, "--records-per-second", "20", "--by", "night shift");
  expect(await admin("throttle", "set", "--all", "--records-per-second", "1.5")).toMatchObject({
    isDone: false,
  });

  const listed = await admin("throttle", "list", "--json");

  expect(JSON.parse(listed.output)).toEqual([
    {
      action_type: "delete_products",
      records_per_second: 20,
      set_by: "night shift",
      set_at: expect.any(String),
    },
  ]);
  for (const words of [["set", "--records-per-second", "5"], ["clear"]]) {
    expect(await admin("throttle", ...words)).toMatchObject({
      code: 2,
      output: expect.stringContaining("--all"),
    });
  }
  expect(await admin("throttle", "clear", "--all")).toMatchObject({ code: 3 });
  expect(await admin("throttle", "clear", ...type)).toMatchObject({ isDone: true });
});

async function admin(...words: readonly string[]) {
  await using program = startProgram("apps/admin/src/main.ts", { DATABASE_URL: database.url }, words);
  const { code } = await program.exited();
  return { isDone: code === 0, code, output: program.output() };
}
