import type { Progress } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import { perRegistry } from "@bulk/domain/per-registry";
import type { ClaimedDelivery } from "@bulk/store/webhooks/claim-delivery";
import { z } from "zod";
import { bulkActionObject } from "./bulk-action.ts";
import { bulkActionDetails, type Presentation, presentDetails } from "./details.ts";
import { moment, toUnixSeconds } from "./moment.ts";
import { presentTally, tally } from "./progress/counts.ts";

/** The schema of an event of this type in the base contract's shape. */
export function eventOf<Subject extends z.ZodType>(type: string, object: Subject) {
  return z.object({
    id: z.guid().meta({ description: "The same for all endpoints and all retries." }),
    object: z.literal("event"),
    type: z.literal(type),
    account: z.guid(),
    created_at: moment,
    data: z.object({ object }),
  });
}

export type WebhookEvent = z.output<ReturnType<typeof eventOf<z.ZodType<EventSubject>>>>;

type EventSubject = Readonly<Record<string, unknown>>;

/** The object of `bulk_action.finished`. */
export const finishedBulkAction = perRegistry((effects) => {
  const { id, object, action_type, created_at, updated_at } = bulkActionObject(effects).shape;
  return z.object({
    id,
    object,
    action_type,
    status: z.enum(["succeeded", "completed", "invalid"]),
    created_at,
    updated_at,
    total: z
      .int()
      .nonnegative()
      .meta({ description: "Number of records. The counts are the same as in `details`." }),
    ...tally(effects),
    details: bulkActionDetails(effects),
  });
});

/** The object of a test event. */
export const testedEndpoint = z.object({
  id: z.guid(),
  object: z.literal("webhook_endpoint"),
  url: z.string(),
});

/** The object of an event about records of one kind, such as `product`: a record, or a list of them. */
export function changedRecords(kind: string) {
  const record = z.object({ id: z.string(), object: z.literal(kind) });
  const list = z.object({
    object: z.literal("list"),
    bulk_action: z.guid(),
    data: z.array(record).min(1).meta({ description: "The records of one chunk, in the order submitted." }),
  });
  return z.union([record, list]);
}

/** Returns the event of a delivery. */
export function presentEvent(
  { eventType, accountId, createdAt }: Pick<ClaimedDelivery, "eventType" | "accountId" | "createdAt">,
  id: string,
  object: EventSubject,
): WebhookEvent {
  return {
    id,
    object: "event",
    type: eventType,
    account: accountId,
    created_at: toUnixSeconds(createdAt),
    data: { object },
  };
}

/**
 * Returns a bulk action that has ended. Without ids: 100,000 of them are 4 MB, and many servers refuse more than one.
 * The counts stand beside `details` because they are older than it.
 */
export function presentFinished(bulkAction: BulkAction & Progress, presentation: Presentation): EventSubject {
  return {
    id: bulkAction.id,
    object: "bulk_action",
    action_type: bulkAction.actionType,
    status: bulkAction.status,
    total: bulkAction.recordCount,
    ...presentTally(bulkAction, presentation.effects),
    created_at: toUnixSeconds(bulkAction.createdAt),
    updated_at: toUnixSeconds(bulkAction.updatedAt),
    details: presentDetails(bulkAction, presentation),
  };
}

/** Returns a record of the shop, by its kind, such as `product`. */
export function presentShopRecord(kind: string, id: string): EventSubject {
  return { id, object: kind };
}

/** Returns records of the shop that one bulk action changed. */
export function presentShopRecords(kind: string, bulkActionId: string, ids: readonly string[]): EventSubject {
  return {
    object: "list",
    bulk_action: bulkActionId,
    data: ids.map((id) => presentShopRecord(kind, id)),
  };
}

/** Returns the endpoint that a test event tries. */
export function presentTestedEndpoint(id: string, url: string): EventSubject {
  return { id, object: "webhook_endpoint", url };
}
