import { findSqlstate } from "@bulk/store/sqlstate";

/**
 * Runs an EXPLAIN. Returns the database's reason if it does not understand the statement; `undefined` if it does. Throws
 * when the database cannot be reached. The reason quotes the declaration only, since nothing is executed.
 */
export async function explainFault(explain: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await explain();
    return undefined;
  } catch (error) {
    const sqlstate = findSqlstate(error);
    // The role lacks a right: PostgreSQL has understood the statement before it looks at rights. Readiness and doctor report
    // this, and tables of ours that are not migrated.
    if (sqlstate === "42501" || isNotMigrated(sqlstate, error)) return undefined;
    if (sqlstate === undefined || !/^(42|22|0A|54)/.test(sqlstate)) throw error;
    return `PostgreSQL refuses it (SQLSTATE ${sqlstate}: ${lastLine(error)})`;
  }
}

function isNotMigrated(sqlstate: string | undefined, error: unknown): boolean {
  return (
    sqlstate !== undefined && /^(42P01|42883|42703|3F000)$/.test(sqlstate) && /\bbulk\./.test(lastLine(error))
  );
}

function lastLine(error: unknown): string {
  const lines = error instanceof Error ? error.message.trim().split("\n") : [];
  return (lines.at(-1) ?? "no reason given").trim();
}
