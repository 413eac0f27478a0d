import { presentDetails } from "@bulk/domain/present-details";
import { unixSeconds } from "@bulk/domain/unix-seconds";
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

/** What a delivery sends next. */
export type EventPage = {
  /** One request each. */
  readonly requests: readonly EventRequest[];
  /** Where the next page starts; `null`: this is the last. */
  readonly nextPosition: number | null;
};

export type EventRequest = {
  readonly event: WebhookEvent;
  /** Where the delivery goes on when this request fails. */
  readonly position: number;
};

/**
 * What a delivery has to send next; `undefined`: nothing (any more).
 *
 * @param retentionDays how long bulk actions are kept
 */
export async function composeEvents(
  database: Database,
  delivery: ClaimedDelivery,
  retentionDays: number,
): Promise<EventPage | undefined> {
  switch (delivery.eventType) {
    case "bulk_action.finished":
      return await composeFinished(database, delivery, retentionDays);
    case "product.deleted":
      return await composeDeleted(database, delivery, "product");
    case "customer.deleted":
      return await composeDeleted(database, delivery, "customer");
    case TEST_EVENT_TYPE:
      return onlyRequest(delivery, {
        id: delivery.endpointId,
        object: "webhook_endpoint",
        url: delivery.url,
      });
  }
}

// Without the lists of ids: of 100,000 ids they would be 4 MB, and many servers refuse more than one. With the counts
// that were here before there were details.
async function composeFinished(
  database: Database,
  delivery: ClaimedDelivery,
  retentionDays: number,
): Promise<EventPage | undefined> {
  const { accountId, bulkActionId } = delivery;
  if (bulkActionId === null) return undefined;
  const [bulkAction] = await readProgress(database, [{ accountId, id: bulkActionId }]);
  if (bulkAction === undefined) return undefined;
  const { id, actionType, status, recordCount, deleted, skipped, failed } = bulkAction;
  return onlyRequest(delivery, {
    ...{ id, object: "bulk_action", action_type: actionType, status },
    ...{ total: recordCount, deleted, skipped, failed },
    created_at: unixSeconds(bulkAction.createdAt),
    updated_at: unixSeconds(bulkAction.updatedAt),
    details: presentDetails(bulkAction, retentionDays),
  });
}

async function composeDeleted(
  database: Database,
  delivery: ClaimedDelivery,
  object: string,
): Promise<EventPage | undefined> {
  const { accountId, bulkActionId, position } = delivery;
  if (bulkActionId === null) return undefined;
  const page = await findDeletedPage(database, accountId, bulkActionId, position);
  if (page === undefined) return undefined;
  const { records, nextPosition } = page;
  if (delivery.recordEvents === "single") {
    const requests = records.map((record) => ({
      event: envelope(delivery, record.id, { id: record.id, object }),
      position: record.position,
    }));
    return { requests, nextPosition };
  }
  const data = records.map(({ id }) => ({ id, object }));
  const list = { object: "list", bulk_action: bulkActionId, data };
  return { requests: [{ event: envelope(delivery, String(position), list), position }], nextPosition };
}

function onlyRequest(delivery: ClaimedDelivery, object: WebhookEvent["data"]["object"]): EventPage {
  const { position } = delivery;
  return {
    requests: [{ event: envelope(delivery, String(position), object), position }],
    nextPosition: null,
  };
}

/** @param subject what tells the event from others of its type and bulk action */
function envelope(
  delivery: ClaimedDelivery,
  subject: string,
  object: WebhookEvent["data"]["object"],
): WebhookEvent {
  return {
    // A test has no other subject than itself.
    id: deriveUuid(`${delivery.eventType} ${subject}`, delivery.bulkActionId ?? delivery.id),
    object: "event",
    type: delivery.eventType,
    account: delivery.accountId,
    created_at: unixSeconds(delivery.createdAt),
    data: { object },
  };
}
