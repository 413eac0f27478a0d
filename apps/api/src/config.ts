import type { RateLimit } from "@bulk/queue/rate-limiter";
import { creationConfig } from "@bulk/service/creation-config";
import { engineConfig } from "@bulk/service/engine-config";
import { flag, keyOf, wholeNumber } from "@bulk/service/read-config";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { dashboardUsers } from "./dashboard/users.ts";

/** Everything the API can be told. */
export const apiConfig = engineConfig.extend({
  /** The public API. */
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().default("127.0.0.1"),
  /** The API's own port for health, metrics and the dashboard. */
  OPS_PORT: wholeNumber(0, 65_535).default(3001),
  /** How long the API goes on serving after it has said that it is not ready, before it takes no more connections. */
  DRAIN_MS: wholeNumber(0, 120_000).default(0),
  /** How many ids one bulk action may carry; the cap on a request's body follows from it. */
  MAX_RECORD_IDS: wholeNumber(1, 1_000_000).default(100_000),
  /** How many requests one token may make in how many seconds; `off`: any number. */
  RATE_LIMIT: rateLimit().default({ requests: 150, seconds: 10 }),
  /** Whose `X-Forwarded-For` is believed, as addresses or networks; unset: nobody's, so a caller's address is its socket's. */
  TRUSTED_PROXIES: networks().optional(),
  /** How many million bytes all requests together may take at once; unset: a third of its heap. */
  MEMORY_IN_FLIGHT_MB: wholeNumber(8, 1_000_000).optional(),
  ...creationConfig.shape,
  /** Database connections for requests. */
  API_POOL_SIZE: wholeNumber(1, 100).default(10),
  /** Encrypts the signing secrets of webhook endpoints; unset: there are no webhooks. */
  WEBHOOK_SECRET_KEY: keyOf(32).optional(),
  /** For development: webhooks may go to this machine, and over plain HTTP. */
  WEBHOOK_ALLOW_LOOPBACK: flag().default(false),
  /** Who may sign in to the dashboard; unset: it has no login, is read-only, and is on loopback only. */
  DASHBOARD_USERS: dashboardUsers().optional(),
  /** Seals the dashboard's sessions; unset: they end with the process. */
  DASHBOARD_SESSION_KEY: keyOf(32).optional(),
});

export type ApiConfig = z.infer<typeof apiConfig>;

// Such as 10.0.0.0/8,fd00::1.
function networks() {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .refine(
      (parts) => parts.every((part) => ipaddr.isValid(part) || ipaddr.isValidCIDR(part)),
      "must be addresses or networks, such as 10.0.0.0/8, separated by commas",
    );
}

// Such as 150/10.
function rateLimit() {
  const message = "must be off, or two whole numbers from 1: requests/seconds";
  return z
    .string()
    .regex(/^(?:off|[1-9]\d{0,6}\/[1-9]\d{0,4})$/, message)
    .transform((text): RateLimit | "off" => {
      const [requests, seconds] = text.split("/").map(Number);
      return seconds === undefined || requests === undefined ? "off" : { requests, seconds };
    });
}
