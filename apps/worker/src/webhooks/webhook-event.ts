import { isUuid } from "@bulk/domain/is-uuid";
import { FINISHED_EVENT_TYPE, TEST_EVENT_TYPE } from "@bulk/domain/webhooks/webhook-event";
import type { Database } from "@bulk/store/database";
import { readProgress } from "@bulk/store/watching/bulk-action-progress";
import type { ClaimedDelivery } from "@bulk/store/webhooks/claim-delivery";
import { findAppliedPage } from "@bulk/store/webhooks/webhook-subjects";
import type { Presentation } from "@bulk/wire/details";
import {
  presentEvent,
  presentFinished,
  presentShopRecord,
  presentShopRecords,
  presentTestedEndpoint,
  type WebhookEvent,
} from "@bulk/wire/webhook-event";
import { v5 as deriveUuid } from "uuid";

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

/** What a delivery has to send next; `undefined`: nothing, or nothing any more. */
export async function composeEvents(
  database: Database,
  delivery: ClaimedDelivery,
  presentation: Presentation,
): Promise<EventPage | undefined> {
  switch (delivery.eventType) {
    case FINISHED_EVENT_TYPE:
      return await composeFinished(database, delivery, presentation);
    case TEST_EVENT_TYPE:
      return onlyRequest(delivery, presentTestedEndpoint(delivery.endpointId, delivery.url));
    default:
      return await composeRecords(database, delivery);
  }
}

async function composeFinished(
  database: Database,
  delivery: ClaimedDelivery,
  presentation: Presentation,
): Promise<EventPage | undefined> {
  const { accountId, bulkActionId } = delivery;
  if (bulkActionId === null) return undefined;
  const [bulkAction] = await readProgress(database, [{ accountId, id: bulkActionId }]);
  if (bulkAction === undefined) return undefined;
  return onlyRequest(delivery, presentFinished(bulkAction, presentation));
}

// The name of an event about records begins with their type: `product.deleted`.
async function composeRecords(database: Database, delivery: ClaimedDelivery): Promise<EventPage | undefined> {
  const [kind = ""] = delivery.eventType.split(".");
  const { accountId, bulkActionId, position } = delivery;
  if (bulkActionId === null) return undefined;
  const page = await findAppliedPage(database, accountId, bulkActionId, position);
  if (page === undefined) return undefined;
  const { records, nextPosition } = page;
  if (delivery.recordEvents === "single") {
    const requests = records.map(({ id, position }) => ({
      event: composeEvent(delivery, subjectOf(id), presentShopRecord(kind, id)),
      position,
    }));
    return { requests, nextPosition };
  }
  const ids = records.map(({ id }) => id);
  const event = composeEvent(delivery, String(position), presentShopRecords(kind, bulkActionId, ids));
  return { requests: [{ event, position }], nextPosition };
}

// Must differ from the position of a page: another endpoint may get the same records in lists.
function subjectOf(recordId: string): string {
  return isUuid(recordId) ? recordId : `record ${recordId}`;
}

function onlyRequest(delivery: ClaimedDelivery, object: WebhookEvent["data"]["object"]): EventPage {
  const { position } = delivery;
  return {
    requests: [{ event: composeEvent(delivery, String(position), object), position }],
    nextPosition: null,
  };
}

/** @param subject distinguishes the event from others of its type and bulk action */
function composeEvent(
  delivery: ClaimedDelivery,
  subject: string,
  object: WebhookEvent["data"]["object"],
): WebhookEvent {
  // A test event has no bulk action; its delivery identifies it.
  const id = deriveUuid(`${delivery.eventType} ${subject}`, delivery.bulkActionId ?? delivery.id);
  return presentEvent(delivery, id, object);
}
