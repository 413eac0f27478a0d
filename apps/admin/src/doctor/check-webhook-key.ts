import type { Database } from "@bulk/store/database";
import { findNewestSecret, type SealedSecret } from "@bulk/store/inspection/newest-secret";
import { openSecret } from "@bulk/webhooks/signing-secret";
import { fault, type Observation, ok } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** Whether deliveries to the endpoints there are can be signed. */
export async function checkWebhookKey(
  database: Database,
  { configuration }: Subject,
): Promise<readonly Observation[]> {
  const key = configuration.worker.WEBHOOK_SECRET_KEY;
  const newest = await findNewestSecret(database);
  if (newest === undefined) return [ok("There are no endpoints.")];
  if (key === undefined) {
    return [
      fault(
        "There are webhook endpoints but no WEBHOOK_SECRET_KEY: nothing is sent to them.",
        "Set WEBHOOK_SECRET_KEY for API and workers to the key their secrets were sealed with.",
      ),
    ];
  }
  if (opens(key, newest)) return [ok("WEBHOOK_SECRET_KEY opens the secrets of the endpoints.")];
  return [
    fault(
      "WEBHOOK_SECRET_KEY is not the key that the newest secret of an endpoint was sealed with: deliveries to it fail.",
      "Set WEBHOOK_SECRET_KEY for API and workers to the former key; if it is lost, the endpoints' owners have to " +
        "rotate their secrets.",
    ),
  ];
}

function opens(key: Uint8Array, { endpointId, sealedSecret }: SealedSecret): boolean {
  try {
    openSecret(sealedSecret, key, endpointId);
    return true;
  } catch {
    return false;
  }
}
