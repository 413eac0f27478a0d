import { QUEUE_SCHEMA } from "./connection.ts";

/**
 * The statements that let a role use the queue's tables in the database, for whoever has migrated them.
 *
 * @param role quoted where it needs it
 */
export function writeQueueGrants(role: string): readonly string[] {
  return [
    // BullMQ makes a sequence for each queue, and asks for it with every job.
    `GRANT USAGE, CREATE ON SCHEMA ${QUEUE_SCHEMA} TO ${role};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};`,
  ];
}
