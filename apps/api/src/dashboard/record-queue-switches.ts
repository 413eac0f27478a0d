import { once } from "node:events";
import type { Database } from "@bulk/store/database";
import { recordChange } from "@bulk/store/journal/record-change";
import express, { type Router } from "express";
import { userOf } from "../sign-in/require-user.ts";

/**
 * Writes into the journal who pauses and resumes queues, which stops all work. As for every change, the entry comes first: if
 * it cannot be written, Bull Board does not get the request.
 */
export function recordQueueSwitches(database: Database): Router {
  const router = express.Router();
  router.put(/^\/api\/queues\/(?:([^/]+)\/)?(pause|resume)$/, async (request, response, next) => {
    const { 0: queue, 1: name } = request.params;
    const kind = name === "pause" ? "pause_queue" : "resume_queue";
    let isPassedOn = false;
    async function passOn(): Promise<void> {
      isPassedOn = true;
      next();
      await once(response, "close");
      if (!response.writableFinished || response.statusCode >= 400) throw new Error("Bull Board refused it.");
    }
    const entry = { kind, by: userOf(response).name, detail: queue ?? "all queues" } as const;
    await recordChange(database, entry, passOn).catch((error: unknown) => {
      if (!isPassedOn) throw error;
    });
  });
  return router;
}
