import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandLine } from "@bulk/service/process/command-line";
import { createClient, type UserConfig } from "@hey-api/openapi-ts";
import { describeDefaultApi } from "./describe-api.ts";

const GENERATED = fileURLToPath(new URL("../packages/client/src/generated", import.meta.url));
const FILE = "types.gen.ts";

const { check } = commandLine({
  name: "pnpm generate:client",
  description: "Generates the types of the client from the API's OpenAPI document.",
  variables: {},
  example: "pnpm generate:client",
})
  .option("--check", "write nothing; exit with 1 if the types are not those of the API")
  .parse()
  .opts<{ check?: true }>();
if (check) await checkGenerated();
else await generate(GENERATED);

async function checkGenerated(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-client-"));
  try {
    await generate(directory);
    const [fresh, committed] = await Promise.all([directory, GENERATED].map(readTypes));
    if (fresh !== committed) {
      console.error("The client's types are not those of the API. Run: pnpm generate:client");
      process.exitCode = 1;
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

function readTypes(directory: string): Promise<string> {
  return readFile(join(directory, FILE), "utf8");
}

async function generate(path: string): Promise<void> {
  const config: UserConfig = {
    input: { ...describeDefaultApi() },
    output: { path, entryFile: false },
    plugins: ["@hey-api/typescript"],
    logs: { level: "warn", file: false },
  };
  await createClient(config);
}
