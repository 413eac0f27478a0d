import { API_ATTACKS } from "./api-attacks.ts";
import type { Attack } from "./attack.ts";
import { QUEUE_ATTACKS } from "./queue-attacks.ts";
import { WEBHOOK_ATTACKS } from "./webhook-attacks.ts";

/** Every attack by its name. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  ...API_ATTACKS,
  ...WEBHOOK_ATTACKS,
  ...QUEUE_ATTACKS,
};

/** The names of those that can be made where the queue is on this engine. */
export function listAttacks(engine: "postgres" | "redis"): readonly string[] {
  return Object.keys(ATTACKS).filter((name) => engine === "redis" || !(name in QUEUE_ATTACKS));
}
