import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import { dropExpiredRows } from "@bulk/store/retention/kept-rows";
import { hourly } from "./hourly.ts";

/** Returns a function that deletes the kept rows that have expired, at its first call and then at most once an hour. */
export function dropExpiredHourly(database: Database, logger: Logger): () => Promise<void> {
  return hourly(async () => {
    const days = await dropExpiredRows(database);
    if (days > 0) logger.info({ days }, "kept rows have expired and are deleted");
  });
}
