import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordsFile } from "@bulk/records/declaration/records-file";
import { grantDeclared } from "./service-role.ts";
import { openTestService, type TestService } from "./test-service.ts";

export type DeclaredService = TestService & {
  /** The value of `RECORDS`. */
  readonly file: string;
  /** A token of a new account whose key in the shop is this; without one, its id. */
  openAccount(key?: string): Promise<{ readonly accountId: string; readonly token: string }>;
};

/** API and workers over tables of a shop's own, whose records are declared in a file. */
export async function openDeclaredService(
  tables: string,
  declaration: RecordsFile,
  environment: NodeJS.ProcessEnv = {},
): Promise<DeclaredService> {
  const folder = await mkdtemp(join(tmpdir(), "bulk-actions-records-"));
  const path = join(folder, "records.json");
  await writeFile(path, JSON.stringify(declaration));
  const service = await openTestService(
    { RECORDS: path, ...environment },
    {
      async prepare(database) {
        await database.query(tables);
        await grantDeclared((sql) => database.query(sql), declaration);
      },
    },
  );
  let accounts = 0;
  return {
    ...service,
    file: path,
    async openAccount(key) {
      accounts += 1;
      const { accountId, token } = await service.fillShop({}, `account ${accounts}`);
      if (key !== undefined) {
        await service.database.query("UPDATE bulk.accounts SET key = $2 WHERE id = $1", [accountId, key]);
      }
      return { accountId, token };
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
