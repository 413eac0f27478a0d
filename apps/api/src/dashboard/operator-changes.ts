import type { BeforeHook } from "@bull-board/api/typings/app";
import { isReading } from "./same-origin.ts";

/**
 * Lets an operator do to turns what a lost queue or a dead worker does as well: the sweeper and the claim make up
 * for it. The rest of what Bull Board can do is refused: a turn that is written by hand could bear another action's
 * type, a rate or concurrency of the queue's own would hold up everything without a word, and obliterating a queue
 * would end its pause as well.
 */
export const refuseOtherChanges: BeforeHook = ({ method, route }) =>
  isReading(method.toUpperCase()) || OPERATOR_CHANGES.has(route)
    ? { allow: true }
    : { allow: false, status: 403, message: "This is not for a dashboard: docs/operations.md says what is." };

const OPERATOR_CHANGES: ReadonlySet<string> = new Set([
  "/api/queues/:queueName/:jobId/retry",
  "/api/queues/:queueName/:jobId/promote",
  "/api/queues/:queueName/:jobId/clean",
  "/api/queues/:queueName/retry/:queueStatus",
  "/api/queues/:queueName/promote",
  "/api/queues/:queueName/clean/:queueStatus",
  "/api/queues/:queueName/empty",
  "/api/queues/:queueName/pause",
  "/api/queues/:queueName/resume",
  "/api/queues/pause",
  "/api/queues/resume",
]);
