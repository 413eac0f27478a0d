import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "../support/find-program.ts";
import { pathTo, readText } from "../support/repository.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const run = promisify(execFile);
const [python, php] = [await findProgram("python3"), await findProgram("php")];
for (const [name, program] of Object.entries({ python, php })) {
  if (program === undefined)
    console.warn(`\n!!! There is no ${name}: ITS EXAMPLE IN docs/calling.md IS NOT RUN !!!\n`);
}

let service: TestService;
beforeEach(async () => {
  service = await openTestService();
});
afterEach(() => service[Symbol.asyncDispose]());

test("the example for Node does what docs/calling.md says", async () => {
  // Its first argument stands where the name of a file would.
  const example = ["--input-type=module", "--eval", readExample("js"), "--", "example.js"];
  const { ids, inUse, output } = await runExample(process.execPath, example);
  expect(output).toBe(`completed ${ids.length - 1}\n${inUse} record.in_use\n`);
});

test.skipIf(python === undefined)("the example for Python does", async () => {
  const { ids, output } = await runExample(python, ["-c", readExample("python")]);
  expect(output).toBe(`completed ${ids.length - 1}\n`);
});

test.skipIf(php === undefined)("the example for PHP does", async () => {
  const { ids, output } = await runExample(php, ["-r", readExample("php").replace("<?php", ""), "--"]);
  expect(output).toBe(`completed ${ids.length - 1}\n`);
});

function readExample(language: string): string {
  const [, example] =
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(readText("docs/calling.md")) ?? [];
  if (example === undefined) throw new Error(`docs/calling.md has no example in ${language}.`);
  return example;
}

/** Runs a program with five ids, one of which is in use. */
async function runExample(program: string | undefined, example: readonly string[]) {
  const { token, productIds, inUseProductIds } = await service.fillShop({ products: 5, inUse: 1 });
  await service.startWorker();
  const { stdout } = await run(String(program), [...example, ...productIds], {
    // Where the client is installed.
    cwd: pathTo("test"),
    env: { PATH: process.env["PATH"], BULK_ACTIONS_URL: service.url, BULK_ACTIONS_TOKEN: token },
  });
  return { ids: productIds, inUse: inUseProductIds[0], output: stdout };
}
