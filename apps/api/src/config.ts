import { PRODUCER_POOL_SIZE } from "@bulk/queue/engines/pool-sizes";
import type { RateLimit } from "@bulk/queue/rate-limiter";
import { creationConfig } from "@bulk/service/config/creation-config";
import { engineConfig } from "@bulk/service/config/engine-config";
import { flag, keyOf, wholeNumber } from "@bulk/service/config/read-config";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { dashboardUsers } from "./sign-in/users.ts";

/** The API's configuration variables. */
export const apiConfig = engineConfig.extend({
  /** The port of the public API. */
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().default("127.0.0.1"),
  /** The port for health, metrics, the console and the dashboard. */
  OPS_PORT: wholeNumber(0, 65_535).default(3001),
  /** How long the API keeps accepting connections after readiness has turned off. */
  DRAIN_MS: wholeNumber(0, 120_000).default(0),
  /** Maximum number of ids of a bulk action. Also determines the body limit. */
  MAX_RECORD_IDS: wholeNumber(1, 1_000_000).default(100_000),
  /** Maximum number of ids of a bulk action whose ids come as a file or stream, with those that repeat. */
  MAX_UPLOADED_IDS: wholeNumber(1, 100_000_000).default(10_000_000),
  /** Requests per token and period, such as `150/10`; `off`: unlimited. */
  RATE_LIMIT: rateLimit().default({ requests: 150, seconds: 10 }),
  /** Addresses or networks of proxies whose `X-Forwarded-For` is trusted; unset: none, the caller is the socket's peer. */
  TRUSTED_PROXIES: networks().optional(),
  /** Memory for all requests in flight, in MB (10^6 bytes); unset: a third of the heap or of the container. */
  MEMORY_IN_FLIGHT_MB: wholeNumber(8, 1_000_000).optional(),
  ...creationConfig.shape,
  /** Number of database connections for requests. */
  API_POOL_SIZE: wholeNumber(1, 100).default(10),
  /** Encrypts the signing secrets of webhook endpoints; unset: webhooks are off. */
  WEBHOOK_SECRET_KEY: keyOf(32).optional(),
  /** For development: allows webhooks to loopback addresses and over plain HTTP. */
  WEBHOOK_ALLOW_LOOPBACK: flag().default(false),
  /** Users of the console and the dashboard; unset: no login, read-only, loopback only. */
  DASHBOARD_USERS: dashboardUsers().optional(),
  /** Encrypts their sessions; unset: sessions end with the process. */
  DASHBOARD_SESSION_KEY: keyOf(32).optional(),
});

export type ApiConfig = z.infer<typeof apiConfig>;

// Example: 10.0.0.0/8,fd00::1
function networks() {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .refine(
      (parts) => parts.every((part) => ipaddr.isValid(part) || ipaddr.isValidCIDR(part)),
      "must be addresses or networks, such as 10.0.0.0/8, separated by commas",
    );
}

// Example: 150/10
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

/** How many uploads of ids one process takes at a time. Each keeps a connection as long as it arrives. */
export const UPLOADS_AT_ONCE = 3;

/** Connections of the console's pages. */
export const CONSOLE_POOL_SIZE = 2;

/** The watcher's connection, which listens for changes of bulk actions. */
const LISTENERS = 1;

/** Returns the maximum number of PostgreSQL connections that an API with this configuration opens. */
export function countApiConnections(config: ApiConfig, isQueueInDatabase: boolean): number {
  const queues = config.WEBHOOK_SECRET_KEY === undefined ? 1 : 2;
  const own = config.API_POOL_SIZE + UPLOADS_AT_ONCE + CONSOLE_POOL_SIZE + LISTENERS;
  return own + (isQueueInDatabase ? queues * PRODUCER_POOL_SIZE : 0);
}
