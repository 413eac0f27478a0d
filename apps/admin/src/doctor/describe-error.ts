/** What an error says, in one line: of Prisma's many the last, which is the database's own. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1)?.trim() || "no reason given";
}
