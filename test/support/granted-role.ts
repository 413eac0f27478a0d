import { randomBytes } from "node:crypto";
import { startProgram } from "./program.ts";
import type { TestDatabase } from "./test-database.ts";

/** The queue's Redis; without `REDIS_URL` the queue is in the database. */
type QueueEnvironment = { readonly REDIS_URL?: string | undefined };

/** Runs in the database, as its owner and unread, what the process `pnpm admin grants` prints for this role. */
export async function runPrintedGrants(
  database: TestDatabase,
  { REDIS_URL }: QueueEnvironment,
  options: readonly string[],
): Promise<void> {
  const environment = { DATABASE_URL: database.url, ...(REDIS_URL !== undefined && { REDIS_URL }) };
  await using program = startProgram("apps/admin/src/main.ts", environment, ["grants", ...options]);
  const { code } = await program.exited();
  if (code !== 0) throw new Error(`pnpm admin grants exited with ${code}: ${program.output()}`);
  await database.query(program.output());
}

/** A role that may log in and has only the rights that `pnpm admin grants` prints for operators. */
export async function createOperator(
  database: TestDatabase,
  environment: QueueEnvironment,
): Promise<AsyncDisposable & { readonly url: string }> {
  const role = `operator_${randomBytes(6).toString("hex")}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
  await runPrintedGrants(database, environment, ["--role", role, "--for", "operators"]);
  const url = new URL(database.url);
  url.username = role;
  url.password = role;
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    },
  };
}
