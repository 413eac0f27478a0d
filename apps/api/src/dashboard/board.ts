import type { TurnQueue } from "@bulk/queue/turn-queue";
import type { WebhookQueue } from "@bulk/queue/webhook-queue";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { RequestHandler } from "express";
import { explainReturn, findTurn, nameDelivery, nameTurn } from "./job-words.ts";
import { refuseOtherChanges } from "./operator-changes.ts";
import type { DashboardUser } from "./users.ts";

export type BoardOptions = {
  readonly turns: Pick<TurnQueue, "native">;
  /** Where there are webhooks. */
  readonly webhooks: Pick<WebhookQueue, "native"> | undefined;
  readonly basePath: string;
  /** What stands in the user's menu. */
  readonly links: readonly { readonly text: string; readonly url: string }[];
};

/**
 * Bull Board, as users of this role see it. One job of its first queue is one turn; its progress is that of the
 * whole bulk action.
 */
export function createBoard(
  { turns, webhooks, basePath, links }: BoardOptions,
  role: DashboardUser["role"],
): RequestHandler {
  const readOnlyMode = role === "viewer";
  const serverAdapter = new ExpressAdapter().setBasePath(basePath);
  createBullBoard({
    queues: [
      adaptTurns(turns, basePath, readOnlyMode),
      ...(webhooks === undefined ? [] : [adaptWebhooks(webhooks, readOnlyMode)]),
    ],
    serverAdapter,
    options: {
      uiConfig: { ...APPEARANCE, miscLinks: [...links] },
      handlerHooks: { before: refuseOtherChanges },
    },
  });
  return serverAdapter.getRouter();
}

const FONTS = { "font-sans": "system-ui, sans-serif", "font-mono": "ui-monospace, monospace" };

const APPEARANCE = {
  boardTitle: "Bulk actions",
  // Each would cost a CLIENT LIST or an INFO on every poll.
  showWorkers: false,
  hideRedisDetails: true,
  hideDocsLink: true,
  // Its own would be fetched from elsewhere; the line that does is patched away (docs/decisions/023).
  theme: { light: FONTS, dark: FONTS },
};

function adaptTurns(
  { native }: Pick<TurnQueue, "native">,
  basePath: string,
  readOnlyMode: boolean,
): BullMQAdapter {
  const adapter = new BullMQAdapter(native, {
    readOnlyMode,
    displayName: "Bulk actions",
    description: "One job is one turn of a lane at a bulk action; progress is the whole bulk action's.",
    externalJobUrl(job) {
      const turn = findTurn(job.data);
      if (turn === undefined) return { href: basePath, displayText: "not a turn" };
      return { href: `${basePath}/bulk-actions/${turn.bulkActionId}`, displayText: "Bulk action" };
    },
  });
  adapter.setFormatter("name", nameTurn);
  // In this order: PostgreSQL keeps none.
  adapter.setFormatter("data", (data: unknown) => findTurn(data) ?? data);
  adapter.setFormatter("returnValue", explainReturn);
  return adapter;
}

function adaptWebhooks({ native }: Pick<WebhookQueue, "native">, readOnlyMode: boolean): BullMQAdapter {
  const adapter = new BullMQAdapter(native, {
    readOnlyMode,
    displayName: "Webhooks",
    description: "One job is one endpoint with something due to it; it leaves no trace here when it is done.",
  });
  adapter.setFormatter("name", nameDelivery);
  return adapter;
}
