import type { BeforeHook } from "@bull-board/api/typings/app";
import { isReading } from "../sign-in/same-origin.ts";

/**
 * Allows operators only those changes of jobs that a lost queue or a crashed worker could also cause; the sweeper and
 * the claim repair them. Bull Board's other functions are refused: a job written by hand could have another action
 * type, a global rate or concurrency would silently delay all work, and obliterating a queue would also end its pause.
 */
export const refuseOtherChanges: BeforeHook = ({ method, route }) =>
  isReading(method.toUpperCase()) || OPERATOR_CHANGES.has(route)
    ? { allow: true }
    : { allow: false, status: 403, message: "The dashboard does not support this. See docs/operations.md." };

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
