import { inspectQueueTables, type QueueTables } from "@bulk/queue/inspect-queue-tables";
import { writeQueueGrants } from "@bulk/queue/write-queue-grants";
import { fault, type Observation, ok, skipped } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether the queue can carry turns, wherever it is. */
export async function checkQueue(subject: Subject): Promise<readonly Observation[]> {
  const { connection, databaseUrl, redis, wantsRedis } = subject;
  if (wantsRedis) {
    return [redis === undefined ? skipped("Redis cannot be reached.") : ok("The queue is on Redis.")];
  }
  if (connection === undefined) return [skipped("The database cannot be reached.")];
  return [
    describe(await inspectQueueTables(databaseUrl), connection.escapeIdentifier(connection.user ?? "")),
  ];
}

function describe({ version, wanted, closed, isFound }: QueueTables, user: string): Observation {
  if (!isFound) {
    return fault(
      "The queue is in the database, and what is in between drops the search_path that its connections ask for.",
      "Set REDIS_URL, or give DATABASE_URL a direct connection.",
    );
  }
  if (closed.length > 0) {
    return fault(
      `The queue is in the database, and ${user} may not use what belongs to it: ${closed.join(", ")}.`,
      writeQueueGrants(user).join("\n"),
    );
  }
  if (version >= wanted) return ok(`The queue is in the database, its tables at version ${version}.`);
  const found = version === 0 ? "has no tables" : `has tables of version ${version}, older than ${wanted}`;
  return fault(`The queue in the database ${found}.`, "pnpm migrate");
}
