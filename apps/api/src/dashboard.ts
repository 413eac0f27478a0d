import { parseTurn } from "@bulk/queue/turn";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { Express } from "express";

const BASE_PATH = "/dashboard";

/**
 * Adds Bull Board to the ops app, to look at only: it has no login, and a turn is nothing to act on. A job
 * is one turn; its progress is that of the whole bulk action.
 */
export function addDashboard(app: Express, queue: TurnQueue): void {
  const adapter = new BullMQAdapter(queue.native, {
    readOnlyMode: true,
    displayName: "Bulk actions",
    description: "One job is one turn of a lane at a bulk action; progress is the whole bulk action's.",
  });
  adapter.setFormatter("name", nameTurn);
  const serverAdapter = new ExpressAdapter().setBasePath(BASE_PATH);
  createBullBoard({
    queues: [adapter],
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: "Bulk actions",
        // Each would cost a CLIENT LIST or an INFO on every poll.
        showWorkers: false,
        hideRedisDetails: true,
        hideDocsLink: true,
      },
    },
  });
  app.use(BASE_PATH, serverAdapter.getRouter());
}

/** `delete_products 1f0c2a9b · lane 2 · turn 7` */
function nameTurn({ name, data }: { readonly name: string; readonly data: unknown }): string {
  const { bulkActionId, lane, turn } = parseTurn(data);
  return `${name} ${bulkActionId.slice(0, 8)} · lane ${lane} · turn ${turn}`;
}
