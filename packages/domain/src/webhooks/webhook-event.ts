/*
 * Event types. Endpoints store them, so a released type never changes. The types of events about records are derived
 * from the actions: `recordEventsOf`.
 */

/** The event of a bulk action that has ended. */
export const FINISHED_EVENT_TYPE = "bulk_action.finished";

/** The test event. Sent only on request, regardless of the endpoint's subscriptions. */
export const TEST_EVENT_TYPE = "webhook_endpoint.test";

/**
 * How an endpoint receives events about records: as one list for each chunk, or as one event for each record, like the
 * base contract's.
 */
export const RECORD_EVENTS = ["list", "single"] as const;

export type RecordEvents = (typeof RECORD_EVENTS)[number];
