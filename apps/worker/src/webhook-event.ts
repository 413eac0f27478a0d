import { TEST_EVENT_TYPE } from "@bulk/domain/webhook-event";
import { readProgress } from "@bulk/store/bulk-action-progress";
import type { Database } from "@bulk/store/database";
import type { ClaimedDelivery } from "@bulk/store/webhook-deliveries";
import { findDeletedPage } from "@bulk/store/webhook-subjects";
import { v5 as deriveUuid } from "uuid";

/** An event as it goes over the wire, in the base contract's shape. */
export type WebhookEvent = {
  /** The same for every endpoint and whenever it is sent again. */
  readonly id: string;
  readonly object: "event";
  readonly type: string;
  readonly account: string;
  /** Unix seconds. */
  readonly created_at: number;
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
};

/** One request of a delivery. */
export type EventPage = {
  readonly event: WebhookEvent;
  /** The chunk the next page starts at; `null`: this is the last. */
  readonly nextPosition: number | null;
};

/** What a delivery has to tell next; `undefined`: nothing (any more). */
export async function composeEvent(
  database: Database,
  delivery: ClaimedDelivery,
): Promise<EventPage | undefined> {
  switch (delivery.eventType) {
    case "bulk_action.finished":
      return await composeFinished(database, delivery);
    case "product.deleted":
      return await composeDeleted(database, delivery, "product");
    case TEST_EVENT_TYPE:
      return onlyPage(delivery, { id: delivery.endpointId, object: "webhook_endpoint", url: delivery.url });
  }
}

// Without the lists of ids, which may be megabytes; counts instead.
async function composeFinished(
  database: Database,
  delivery: ClaimedDelivery,
): Promise<EventPage | undefined> {
  const { accountId, bulkActionId } = delivery;
  if (bulkActionId === null) return undefined;
  const [bulkAction] = await readProgress(database, [{ accountId, id: bulkActionId }]);
  if (bulkAction === undefined) return undefined;
  const { id, actionType, status, recordCount, deleted, skipped, failed } = bulkAction;
  return onlyPage(delivery, {
    ...{ id, object: "bulk_action", action_type: actionType, status },
    ...{ total: recordCount, deleted, skipped, failed },
    created_at: unixSeconds(bulkAction.createdAt),
    updated_at: unixSeconds(bulkAction.updatedAt),
  });
}

// One event for a chunk's records, as a list: an event for each would be a hundred thousand requests.
async function composeDeleted(
  database: Database,
  delivery: ClaimedDelivery,
  object: string,
): Promise<EventPage | undefined> {
  const { accountId, bulkActionId, position } = delivery;
  if (bulkActionId === null) return undefined;
  const page = await findDeletedPage(database, accountId, bulkActionId, position);
  if (page === undefined) return undefined;
  const list = {
    ...{ object: "list", bulk_action: bulkActionId },
    data: page.recordIds.map((id) => ({ id, object })),
  };
  return { event: envelope(delivery, list), nextPosition: page.nextPosition };
}

function onlyPage(delivery: ClaimedDelivery, object: WebhookEvent["data"]["object"]): EventPage {
  return { event: envelope(delivery, object), nextPosition: null };
}

function envelope(delivery: ClaimedDelivery, object: WebhookEvent["data"]["object"]): WebhookEvent {
  return {
    // A test has no other subject than itself.
    id: deriveUuid(`${delivery.eventType} ${delivery.position}`, delivery.bulkActionId ?? delivery.id),
    object: "event",
    type: delivery.eventType,
    account: delivery.accountId,
    created_at: unixSeconds(delivery.createdAt),
    data: { object },
  };
}

function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
