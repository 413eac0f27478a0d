import { QUEUE_SCHEMA } from "./connection.ts";

/**
 * Returns the statements that grant a role what the queue needs in the database. The owner of the tables runs them.
 *
 * @param role the name, quoted if it needs quotes
 */
export function writeQueueGrants(role: string): readonly string[] {
  return [
    // BullMQ creates a sequence for each queue, and reads it with every job.
    `GRANT USAGE, CREATE ON SCHEMA ${QUEUE_SCHEMA} TO ${role};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};`,
  ];
}
