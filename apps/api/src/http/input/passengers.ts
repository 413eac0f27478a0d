/** The one key of a body. */
export type EnvelopeKey = "bulk_action" | "webhook_endpoint";

/**
 * The names that mean nothing here and pass all the same, because real clients of the base contract send them: as query
 * parameters, beside an envelope and in it. Any other unknown name is refused.
 */
const EVERYWHERE: readonly string[] = [
  // SureCart's objects have it (test or live). Its clients send it along with what they create and as a parameter.
  "live_mode",
];

const IN_ENVELOPE: Readonly<Record<EnvelopeKey, readonly string[]>> = {
  bulk_action: [],
  // SureCart's WordPress plugin sends the `id` along with a change. Other clients change an endpoint that they have read, and
  // send the whole object: these keys of it cannot be changed.
  webhook_endpoint: [
    "id",
    "object",
    "created_at",
    "updated_at",
    "signing_secret",
    "previous_secret_expires_at",
  ],
};

/** Returns the names that pass in this envelope. */
export function passengersIn(key: EnvelopeKey): ReadonlySet<string> {
  return new Set([...EVERYWHERE, ...IN_ENVELOPE[key]]);
}

/** The names that pass everywhere. */
export const PASSENGERS: ReadonlySet<string> = new Set(EVERYWHERE);
