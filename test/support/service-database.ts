import { type Database, openDatabase } from "@bulk/store/database";

/** A database as the service sees it, for what an operator's command would do. */
export function openServiceDatabase(url: string): AsyncDisposable & { readonly database: Database } {
  const options = { applicationName: "test", poolSize: 1, lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 };
  const database = openDatabase({ url, ...options });
  return { database, [Symbol.asyncDispose]: () => database.$disconnect() };
}
