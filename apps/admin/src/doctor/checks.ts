import { checkClocks } from "./check-clocks.ts";
import { checkConnections } from "./check-connections.ts";
import { checkDeadRows } from "./check-dead-rows.ts";
import { checkDeletionRules } from "./check-deletion-rules.ts";
import { checkDrift } from "./check-drift.ts";
import { checkIndexes } from "./check-indexes.ts";
import { checkMigrations } from "./check-migrations.ts";
import { checkPooler } from "./check-pooler.ts";
import { checkQueue } from "./check-queue.ts";
import { checkRedis } from "./check-redis.ts";
import { checkRights } from "./check-rights.ts";
import { checkSettings } from "./check-settings.ts";
import { checkWebhookKey } from "./check-webhook-key.ts";
import { checkWork } from "./check-work.ts";
import { type Check, onConnection, onTables } from "./subject.ts";

/** Everything that is looked at once the engines are open, in the order it is printed. */
export const CHECKS: readonly Check[] = [
  onConnection("migrations", checkMigrations),
  onConnection("settings", checkSettings),
  onConnection("pooler", checkPooler),
  onConnection("connections", checkConnections),
  onTables("drift", checkDrift),
  onTables("rights", checkRights),
  onTables("indexes", checkIndexes),
  onTables("rules", checkDeletionRules),
  { name: "queue", examine: checkQueue },
  { name: "redis", examine: checkRedis },
  { name: "clocks", examine: checkClocks },
  onTables("webhooks", checkWebhookKey),
  onTables("work", checkWork),
  onTables("dead rows", checkDeadRows),
];
