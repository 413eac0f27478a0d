import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import { explain } from "@bulk/domain/bulk-actions/outcome";
import { TEST_EVENT_TYPE } from "@bulk/domain/webhooks/webhook-event";

/* The examples of the reference. Together they describe one sequence of calls, which a test makes. */

/** The ids in the paths of the examples, by collection. */
export const EXAMPLE_IDS = {
  bulk_actions: "e35baa9f-921d-49e1-9ec1-3382e68581a8",
  webhook_endpoints: "0c8e6b0f-3f0c-4a5f-9f5e-6c1f6d1a2b7e",
  webhook_deliveries: "5f1d7b52-7a0e-4f5a-8d0c-2f4b9a6c3e10",
} as const;

export const EXAMPLE_REQUEST_ID = "9b2d1c44-6a0f-4b8e-9a57-3f8e1d0c5b21";

const [PRODUCT, GONE_PRODUCT] = [
  "da726d7e-1074-4944-a6b3-1ee51857f9aa",
  "794322db-4981-421d-8077-b59ca1b80a93",
] as const;

export const EXAMPLE_NEW_BULK_ACTION = {
  action_type: "delete_products",
  record_ids: [PRODUCT, GONE_PRODUCT],
} as const;

/** Returns the bulk action that this creates. The missing product is skipped once it has started. */
export function exampleBulkAction(status: BulkActionStatus) {
  return {
    id: EXAMPLE_IDS.bulk_actions,
    object: "bulk_action" as const,
    ...EXAMPLE_NEW_BULK_ACTION,
    skipped_record_ids: status === "pending" ? [] : [GONE_PRODUCT],
    status,
    created_at: SUBMITTED_AT,
    updated_at: SUBMITTED_AT + 1,
  };
}

/** The keys whose size does not depend on the number of ids. */
export const EXAMPLE_FIELDS = ["id", "action_type", "status", "created_at", "updated_at"] as const;

/** Returns the example with these `fields`. */
export function exampleSparseBulkAction(status: BulkActionStatus) {
  const { record_ids: _, skipped_record_ids: __, ...sparse } = exampleBulkAction(status);
  return sparse;
}

const SUBMITTED_AT = 1_780_925_356;

/** The counts of the example at its end. */
export const EXAMPLE_COUNTS = { total: 2, processed: 2, deleted: 1, skipped: 1, failed: 0 } as const;

/** The `details` of the example at its end. */
export const EXAMPLE_DETAILS = {
  outcome: "succeeded",
  ...EXAMPLE_COUNTS,
  not_attempted: 0,
  started_at: SUBMITTED_AT,
  finished_at: SUBMITTED_AT + 1,
  last_progress_at: SUBMITTED_AT + 1,
  cancel_requested_at: null,
  retry_of: null,
  restore_of: null,
  restorable_until: SUBMITTED_AT + 7 * 86_400,
  restored: 0,
  created_by: { object: "token", id: "7f1c2f5e-0f3b-4d0a-a5a6-9c0d6b8e4a31", name: "Back office" },
  expires_at: SUBMITTED_AT + 1 + 30 * 86_400,
  records_url: `/v1/bulk_actions/${EXAMPLE_IDS.bulk_actions}/records`,
  paused: null,
  braked_by: null,
} as const;

export const EXAMPLE_PROGRESS = {
  id: EXAMPLE_IDS.bulk_actions,
  status: "succeeded",
  ...EXAMPLE_COUNTS,
  braked_by: null,
} as const;

/** The example, canceled before its first chunk. */
export const EXAMPLE_CANCELED = { ...exampleSparseBulkAction("pending"), status: "completed" } as const;

/** A retry of the example. */
export const EXAMPLE_RETRY = {
  ...exampleSparseBulkAction("pending"),
  id: "b2a9d3c1-5c1e-4c57-8a55-0d2f6f1c9e84",
} as const;

/** Chooses the record that the example changed. */
export const EXAMPLE_RESTORE_BODY = { bulk_action: { record_ids: [PRODUCT] } } as const;

/** A restore of the example. */
export const EXAMPLE_RESTORE = {
  ...exampleSparseBulkAction("pending"),
  id: "9d0f4c6e-2f6b-4d36-8a7e-51b0c9e7f2d3",
  action_type: "restore_products",
} as const;

const GONE = { code: "record.not_found", message: explain("record.not_found").message } as const;

export const EXAMPLE_PREVIEW = {
  object: "bulk_action_preview",
  action_type: EXAMPLE_NEW_BULK_ACTION.action_type,
  total: 2,
  applicable: 1,
  skipped: 1,
  reasons: [{ ...GONE, count: 1 }],
  warnings: [],
} as const;

/** The preview of a restore of the record that the example changed. */
export const EXAMPLE_RESTORE_PREVIEW = {
  ...EXAMPLE_PREVIEW,
  action_type: EXAMPLE_RESTORE.action_type,
  ...{ total: 1, applicable: 1, skipped: 0, reasons: [] },
} as const;

export const EXAMPLE_RECORDS = [
  {
    object: "bulk_action_record",
    record_id: PRODUCT,
    position: 0,
    outcome: "deleted",
    code: null,
    message: null,
    retriable: false,
  },
  {
    object: "bulk_action_record",
    record_id: GONE_PRODUCT,
    position: 1,
    outcome: "skipped",
    ...GONE,
    retriable: false,
  },
] as const;

export const EXAMPLE_NEW_ENDPOINT = {
  url: "https://shop.example/hooks/bulk_actions",
  webhook_events: ["bulk_action.finished"],
  description: "Catalogue",
} as const;

export const EXAMPLE_ENDPOINT = {
  id: EXAMPLE_IDS.webhook_endpoints,
  object: "webhook_endpoint",
  ...EXAMPLE_NEW_ENDPOINT,
  destination: null,
  record_events: "list",
  enabled: true,
  previous_secret_expires_at: null,
  created_at: SUBMITTED_AT,
  updated_at: SUBMITTED_AT,
} as const;

export const EXAMPLE_ENDPOINT_CHANGE = {
  webhook_events: ["bulk_action.finished", "product.deleted"],
} as const;

/** Not a real secret: the base64 text says so. */
export const EXAMPLE_SECRET = `whsec_${btoa("This is no secret, but 32 bytes.")}`;

/** The endpoint after a rotation. The old secret stays valid for a day. */
export const EXAMPLE_ROTATED = {
  ...EXAMPLE_ENDPOINT,
  previous_secret_expires_at: SUBMITTED_AT + 86_400,
  signing_secret: EXAMPLE_SECRET,
} as const;

/** An event that the endpoint has received. */
export const EXAMPLE_DELIVERY = {
  id: EXAMPLE_IDS.webhook_deliveries,
  object: "webhook_delivery",
  webhook_endpoint: EXAMPLE_IDS.webhook_endpoints,
  type: "bulk_action.finished",
  bulk_action: EXAMPLE_IDS.bulk_actions,
  status: "succeeded",
  attempts: 1,
  last_response_code: 200,
  last_error: null,
  last_attempt_at: SUBMITTED_AT + 2,
  next_attempt_at: null,
  created_at: SUBMITTED_AT + 1,
  finished_at: SUBMITTED_AT + 2,
} as const;

/** The delivery after a redeliver request. */
export const EXAMPLE_REDELIVERY = {
  ...EXAMPLE_DELIVERY,
  status: "pending",
  next_attempt_at: SUBMITTED_AT + 3_600,
  finished_at: null,
} as const;

/** The delivery of a test event, not yet sent. */
export const EXAMPLE_TEST_DELIVERY = {
  ...EXAMPLE_REDELIVERY,
  id: "c4d7e0a2-1b3f-4c6d-9e8f-7a5b2c1d0e9f",
  type: TEST_EVENT_TYPE,
  bulk_action: null,
  attempts: 0,
  last_response_code: null,
  last_attempt_at: null,
} as const;

/** An event about the object. */
export function exampleEvent(type: string, object: object) {
  return {
    id: "6d9b3c1e-8a47-5d20-9e5f-1c7b2a4f8e63",
    object: "event",
    type,
    account: "b7cfbc09-371a-453e-ab29-2edf63de0dbe",
    created_at: SUBMITTED_AT + 1,
    data: { object },
  };
}
