import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import type { WebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { RequestHandler } from "express";
import { CONSOLE_PATH } from "../sign-in/paths.ts";
import type { DashboardUser } from "../sign-in/users.ts";
import { explainReturn, findTurn, nameDelivery, nameTurn } from "./job-words.ts";
import { refuseOtherChanges } from "./operator-changes.ts";

export type BoardOptions = {
  readonly turns: Pick<TurnQueue, "native">;
  /** `undefined` if webhooks are off. */
  readonly webhooks: Pick<WebhookQueue, "native"> | undefined;
  readonly basePath: string;
  /** The links in the user menu. */
  readonly links: readonly { readonly text: string; readonly url: string }[];
};

/**
 * Creates Bull Board for users of this role. A job of the first queue is one turn; its progress is the progress of the
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

// Bull Board's own have a contrast of 3.76 to 4.38 on their backgrounds; WCAG AA asks for 4.5.
const LIGHT = {
  "muted-foreground": "#4b5661",
  "sidebar-state-selected-foreground": "#0a4f47",
  "status-failed": "#b42318",
};
const DARK = { "muted-foreground": "#a6b0bd", "status-failed": "#f08585" };

const APPEARANCE = {
  boardTitle: "Bulk actions",
  // Each would run a CLIENT LIST or an INFO on every poll.
  showWorkers: false,
  hideRedisDetails: true,
  hideDocsLink: true,
  // Bull Board's fonts come from another host; a patch removes that request (docs/decisions/023).
  theme: { light: { ...FONTS, ...LIGHT }, dark: { ...FONTS, ...DARK } },
};

/** A completed turn would add its next turn once more. The option is missing in the types of Bull Board 9.10. */
const ONLY_FAILED_RETRIES = { allowCompletedRetries: false };

function adaptTurns(
  { native }: Pick<TurnQueue, "native">,
  basePath: string,
  readOnlyMode: boolean,
): BullMQAdapter {
  const adapter = new BullMQAdapter(native, {
    readOnlyMode,
    ...ONLY_FAILED_RETRIES,
    displayName: "Bulk actions",
    description:
      "Each job is one turn of a lane of a bulk action. Its progress is that of the whole bulk action.",
    externalJobUrl(job) {
      const turn = findTurn(job.data);
      if (turn === undefined) return { href: basePath, displayText: "not a turn" };
      return { href: `${CONSOLE_PATH}/bulk-actions/${turn.bulkActionId}`, displayText: "Bulk action" };
    },
  });
  adapter.setFormatter("name", nameTurn);
  // PostgreSQL does not keep the order of keys; this restores it.
  adapter.setFormatter("data", (data: unknown) => findTurn(data) ?? data);
  adapter.setFormatter("returnValue", explainReturn);
  return adapter;
}

function adaptWebhooks({ native }: Pick<WebhookQueue, "native">, readOnlyMode: boolean): BullMQAdapter {
  const adapter = new BullMQAdapter(native, {
    readOnlyMode,
    displayName: "Webhooks",
    description: "Each job is one endpoint with a delivery due. A completed job is removed.",
  });
  adapter.setFormatter("name", nameDelivery);
  return adapter;
}
