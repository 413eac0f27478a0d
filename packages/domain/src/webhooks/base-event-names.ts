/**
 * The event types that the base contract documents (https://developer.surecart.com/api-reference/webhooks, "Types of
 * events"). Endpoints may subscribe to all of them, so that existing clients are not refused. Only those about records
 * that an action changes are ever sent; the others are stored and returned.
 */
export const BASE_EVENT_NAMES = [
  ...named("abandoned_checkout", "created", "recovered"),
  ...named("account", "updated"),
  ...named("activation", "created", "deleted", "updated"),
  ...named("affiliation", "activated", "deactivated", "deleted"),
  ...named("affiliation_request", "approved", "created", "denied", "updated"),
  ...named("bump_offer", "accepted"),
  ...named("cancellation_act", "created", "updated"),
  ...named("customer", "created", "updated"),
  ...named("fulfillment", "created", "deleted", "updated"),
  ...named("invoice", "created", "deleted", "updated", "made_draft", "opened", "paid"),
  ...named("order", "created", "delivered", "fulfilled", "made_processing", "paid", "partially_fulfilled"),
  ...named("order", "partially_shipped", "payment_failed", "shipped", "unfulfilled", "unshipped", "voided"),
  ...named("payout", "created", "completed", "made_processing"),
  ...named("payout_group", "created"),
  ...named("price", "created", "deleted", "updated"),
  ...named("product", "created", "deleted", "stock_adjusted", "updated"),
  ...named("purchase", "created", "invoked", "revoked", "updated"),
  ...named("referral", "approved", "canceled", "created", "denied", "made_reviewing", "updated"),
  ...named("refund", "created", "succeeded"),
  ...named("return_request", "completed", "created", "deleted", "opened", "updated"),
  ...named("subscription", "canceled", "completed", "created", "made_active", "made_trialing"),
  ...named("subscription", "renewal_reminder_sent", "renewed", "set_to_cancel", "updated"),
  ...named("upsell_offer", "accepted", "declined"),
  ...named("variant", "stock_adjusted"),
];

function named(resource: string, ...events: readonly string[]): readonly string[] {
  return events.map((event) => `${resource}.${event}`);
}
