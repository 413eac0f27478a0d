import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { findProgram } from "../support/find-program.ts";
import { randomIds } from "../support/random-ids.ts";
import { readText } from "../support/repository.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const script = await findProgram("script");
if (script === undefined) console.warn("\n!!! There is no script: THE TERMINAL'S TEST IS NOT RUN !!!\n");

let service: TestService;
let productIds: readonly string[];
let inUseProductIds: readonly string[];
let environment: NodeJS.ProcessEnv;
let home: string;

beforeEach(async () => {
  service = await openTestService();
  home = await mkdtemp(join(tmpdir(), "bulk-actions-cli-"));
  const shop = await service.fillShop({ products: 20, inUse: 2 });
  ({ productIds, inUseProductIds } = shop);
  const { token } = shop;
  environment = { BULK_ACTIONS_URL: service.url, BULK_ACTIONS_TOKEN: token, XDG_CONFIG_HOME: home };
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

function run(...parameters: readonly string[]) {
  return runCli(parameters, { environment });
}

async function countProducts(): Promise<number> {
  const [row] = await service.database.query<{ count: string }>("SELECT count(*) FROM products");
  return Number(row?.count);
}

describe("a deletion", () => {
  test("is previewed, submitted, watched and printed, and taken back", async () => {
    await service.startWorker();
    const ids = productIds.join(",");
    const preview = await run("preview", "delete", "products", "--ids", ids);
    expect(preview.stdout).toMatch(
      /^delete_products: applies to 18 of 20 records; 2 would be skipped.\n {2}2 {2}record.in_use/,
    );
    expect(await countProducts()).toBe(20);

    const deletion = await run("delete", "products", "--ids", ids, "--yes", "--max", "20");
    expect(deletion).toMatchObject({ code: 3 });
    expect(deletion.stderr).toMatch(/100 % \(20 of 20 records\)/);
    expect(deletion.stdout).toMatch(
      /status +completed \(partial\)\nrecords +20: 18 deleted, 2 skipped, 0 failed, 0 not attempted\n/,
    );
    const [, id = ""] = /Submitted as (\S+)\./.exec(deletion.stderr) ?? [];

    expect((await run("status", id)).stdout).toBe(deletion.stdout);
    const json = await run("watch", id, "--json");
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([3, { id, status: "completed" }]);
    const skipped = await run("records", id, "--outcome", "skipped", "--csv");
    const [header, ...rows] = skipped.stdout.split("\r\n").map((line) => line.split(","));
    expect(header).toEqual(["record_id", "outcome", "code", "message"]);
    expect(rows.map(([recordId, ...rest]) => [recordId, rest[1]]).slice(0, -1)).toEqual(
      inUseProductIds.map((each) => [each, "record.in_use"]),
    );
    const lines = (await run("records", id, "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).record_id)).toEqual(productIds);
    expect((await run("records", id)).stdout.split("\n")).toHaveLength(22);
    expect((await run("list", "--status", "completed")).stdout).toMatch(
      new RegExp(`^ID .*\n${id} {2}delete_products {2}completed {2}20/20 {4}2`),
    );

    const restore = await run("restore", id);
    expect(restore.stdout).toMatch(/records +18: 18 restored, 0 skipped/);
    expect(restore.code).toBe(0);
    expect(await countProducts()).toBe(20);
    expect((await run("retry", id)).stderr).toMatch(/No id is left to retry.*bulk_action.nothing_to_retry/);
  });

  test("is not submitted unless the user agrees", async () => {
    const ids = ["delete", "products", "--ids", productIds.join(",")];
    const refusals = [
      { ...(await run(...ids)), why: "There is no terminal to ask", exit: 5 },
      { ...(await run(...ids, "--yes")), why: "--yes needs --max", exit: 2 },
      { ...(await run(...ids, "--yes", "--max", "19")), why: "20 records, more than --max 19", exit: 5 },
      { ...(await run("delete", "products")), why: "Say which records", exit: 2 },
      { ...(await run("delete", "Products", "--ids", "a")), why: "must be a word in lower case", exit: 2 },
      { ...(await run("delete", "planets", "--ids", "a")), why: "action_type must be one of", exit: 5 },
      { ...(await run("delete", "products", "--ids", "x")), why: "is not a UUID", exit: 5 },
      {
        ...(await run("delete", "products", "--ids", randomIds(1).join(), "--yes", "--max", "1")),
        why: "Nothing was submitted",
        exit: 4,
      },
    ];
    for (const { code, stdout, stderr, why, exit } of refusals) {
      expect([code, stdout, stderr]).toEqual([exit, "", expect.stringContaining(why)]);
    }
    expect(await service.database.query("SELECT FROM bulk.bulk_actions")).toEqual([]);
  });

  test.skipIf(script === undefined)("asks in a terminal for the number", async () => {
    await service.startWorker();
    for (const [input, code, left] of [
      ["17\n", 5, 20],
      ["18\n", 3, 2],
    ] as const) {
      const command = ["delete", "products", "--ids", productIds.join(",")];
      const asked = await runCli(command, { environment, input, ...(script && { terminal: script }) });
      expect(asked.stdout).toContain("Type 18 to go on:");
      expect([asked.code, await countProducts()]).toEqual([code, left]);
    }
  });

  test.skipIf(script === undefined)("is not submitted after Ctrl-C at the question", async () => {
    const asked = await runCli(["delete", "products", "--ids", productIds.join(",")], {
      ...{ environment, answer: { question: "Type 18 to go on: ", text: "\x03" } },
      ...(script && { terminal: script }),
    });
    expect(asked).toMatchObject({ code: 130, stdout: expect.stringContaining("Nothing was submitted.") });
    expect(await service.database.query("SELECT FROM bulk.bulk_actions")).toEqual([]);
  });

  test("goes on after Ctrl-C and after the time-out, and the user is told how to watch and cancel it", async () => {
    const ids = ["--ids", productIds.join(",")];
    const watched = startCli(["delete", "products", ...ids, "--yes", "--max", "20"], { environment });
    const [, id = ""] = await watched.tells(/Submitted as (\S+)\.\s+0 % \(0 of 20 records\)/);
    watched.interrupt();
    expect(await watched.exited()).toBe(130);
    expect(watched.stderr()).toContain(`The bulk action ${id} goes on.\n  bulk-actions watch ${id} `);
    expect(await run("watch", id, "--timeout", "1")).toMatchObject({ code: 6, stdout: "" });

    const canceled = await run("cancel", id);
    expect(canceled.stdout).toMatch(/status +completed \(canceled\)\n.* 20 not attempted/);
    await service.startWorker();
    expect(await run("retry", id)).toMatchObject({ code: 3 });
  });
});

describe("login", () => {
  test("saves a token that works where only its owner can read it", async () => {
    const { BULK_ACTIONS_TOKEN: token, ...others } = environment;
    const file = join(home, "bulk-actions", "credentials.json");
    const wrong = await runCli(["login"], { environment: others, input: "wrong\n" });
    expect(wrong).toMatchObject({ code: 5, stderr: expect.stringContaining("(unauthorized, request ") });
    const right = await runCli(["login"], { environment: others, input: `${token}\n` });
    expect(right).toMatchObject({ code: 0, stdout: "" });
    expect(`${right.stdout}${right.stderr}`).not.toContain(token);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ url: service.url, token });
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const { BULK_ACTIONS_URL: _, ...neither } = others;
    expect(await runCli(["list"], { environment: neither })).toMatchObject({ code: 0 });
    await using elsewhere = await openAnotherApi(service);
    const leaked = await runCli(["list"], { environment: { ...neither, BULK_ACTIONS_URL: elsewhere.url } });
    expect(leaked).toMatchObject({ code: 2, stderr: expect.stringContaining("set BULK_ACTIONS_TOKEN") });
    const slash = { ...neither, BULK_ACTIONS_URL: `${service.url}/` };
    expect(await runCli(["list"], { environment: slash })).toMatchObject({ code: 0 });
    for (const content of ["{}", `{"url":"${service.url}","token":${token}`]) {
      await writeFile(file, content, { mode: 0o600 });
      const damaged = await runCli(["list"], { environment: neither });
      const stderr = `${file} is damaged. Run bulk-actions login again.\n`;
      expect(damaged).toEqual({ code: 1, stdout: "", stderr });
    }
    expect(
      await runCli(["list"], { environment: { ...neither, XDG_CONFIG_HOME: "/nowhere" } }),
    ).toMatchObject({
      code: 2,
    });
  });
});

const NOWHERE = { BULK_ACTIONS_URL: "http://127.0.0.1:1", BULK_ACTIONS_TOKEN: "t" };

test("--help starts nothing and tells the exit codes as docs/calling.md does", async () => {
  const rows = readText("docs/calling.md").matchAll(/^\| (\d+) +\| (.*?) +\|$/gm);
  const documented = [...rows].map(([, code = "", meaning = ""]) => [code, meaning.replaceAll("`", "")]);
  expect(documented.length).toBeGreaterThan(5);
  for (const command of ["login", "delete", "records"]) {
    const help = await runCli([command, "--help"], { environment: NOWHERE });
    expect(help).toMatchObject({ code: 0, stderr: "" });
    const told = [...help.stdout.matchAll(/^ {2}(\d+) +(.*)$/gm)].map(([, code, meaning]) => [code, meaning]);
    expect(told).toEqual(documented);
  }
});

test("an API that is not there is told apart from one that refuses", async () => {
  const unreachable = await runCli(["list"], { environment: NOWHERE });
  expect(unreachable).toMatchObject({ code: 1, stderr: expect.stringContaining("was not answered") });
});
