import type { Tools } from "../arena.ts";
import type { Deletion } from "./deletions.ts";

/** How many are asked for at the same time. */
const AT_ONCE = 8;

/** Asks for everything that has not come back yet, now that nothing breaks any more. */
export async function restoreTheRest({ client }: Tools, deletions: readonly Deletion[]): Promise<void> {
  const rest = deletions.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const { accountId, id: parentId } of rest) {
        await client.restore({ accountId, parentId, recordIds: undefined, key: undefined });
      }
    }),
  );
}
