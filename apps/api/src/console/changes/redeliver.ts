import { isUuid } from "@bulk/domain/is-uuid";
import { recordChange } from "@bulk/store/journal/record-change";
import { findWebhookDelivery, redeliverWebhook } from "@bulk/store/webhooks/webhook-deliveries";
import { findDeliveryOwner } from "@bulk/store/webhooks/webhook-overview";
import express, { type Router } from "express";
import { PageError } from "../../sign-in/page-error.ts";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { requireOperator, userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { ask } from "../render/ask.ts";
import { readForm } from "./read-form.ts";

type IdParams = { id: string };

/** Serves the page that asks whether to send an event again, and does it. */
export function serveRedeliver(context: ConsoleContext): Router {
  const router = express.Router();
  const path = "/deliveries/:id/redeliver";
  router.get<IdParams>(path, requireOperator, async ({ params: { id } }, response) => {
    const { eventType, attempts, status, bulkActionId } = await load(id, context);
    await ask(response, {
      title: `Redeliver: ${eventType}`,
      sentences: [
        `The event is sent again to its endpoint, with all attempts anew. So far: ${status}, ${attempts} sent.`,
        "The receiver may get it twice; it has the same id each time.",
      ],
      label: "Redeliver",
      ...{ back: pageOf(bulkActionId), action: `${CONSOLE_PATH}/deliveries/${id}/redeliver` },
    });
  });
  router.post<IdParams>(path, ...readForm, async ({ params: { id } }, response) => {
    const { accountId, bulkActionId, eventType } = await load(id, context);
    const { database } = context.api;
    const entry = { kind: "redeliver", by: userOf(response).name, accountId, detail: eventType } as const;
    await recordChange(database, { ...entry, bulkActionId: bulkActionId ?? undefined }, () =>
      redeliverWebhook(database, accountId, id),
    );
    if (bulkActionId !== null) context.actions.forget(bulkActionId);
    response.redirect(303, pageOf(bulkActionId));
  });
  return router;
}

async function load(id: string, { database }: ConsoleContext) {
  const accountId = isUuid(id) ? await findDeliveryOwner(database, id) : undefined;
  const delivery = accountId && (await findWebhookDelivery(database, accountId, id));
  if (!accountId || !delivery)
    throw new PageError(404, "There is no such delivery. It may have been pruned.");
  if (!delivery.isEndpointEnabled)
    throw new PageError(409, "The endpoint is disabled. Its owner can enable it.");
  return { ...delivery, accountId };
}

function pageOf(bulkActionId: string | null): string {
  return bulkActionId === null ? CONSOLE_PATH : `${CONSOLE_PATH}/bulk-actions/${bulkActionId}`;
}
