/** What an account can be told of; stored with every endpoint, so a type never changes once released. */
export const WEBHOOK_EVENT_TYPES = ["bulk_action.finished", "product.deleted", "customer.deleted"] as const;

/** Sent on request only, to try an endpoint, whatever it subscribes to. */
export const TEST_EVENT_TYPE = "webhook_endpoint.test";

export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number] | typeof TEST_EVENT_TYPE;

/**
 * How an endpoint is told of deleted records: by a list for each chunk, or by one event for each record, as the base
 * contract has it.
 */
export const RECORD_EVENTS = ["list", "single"] as const;

export type RecordEvents = (typeof RECORD_EVENTS)[number];
