import { isDeepStrictEqual } from "node:util";
import { readConfig } from "@bulk/service/config/read-config";
import { type ApiConfig, apiConfig } from "../../config.ts";
import { showAddress } from "../render/show-address.ts";
import { readMeanings } from "./variable-meanings.ts";

/** A variable of the API as people may see it. */
export type ShownVariable = {
  readonly name: string;
  readonly value: string;
  readonly isDefault: boolean;
  readonly meaning: string | undefined;
  /** Who reads it, such as `API and workers`. */
  readonly readBy: string | undefined;
};

type Shown = "value" | "addresses" | "secret";

/**
 * What is shown of each variable. `secret`: only whether it is set; that is also the rule for a variable that is missing
 * here. `addresses`: URLs without user, password, query and fragment.
 */
const SHOWN: Readonly<Record<keyof ApiConfig, Shown>> = {
  DATABASE_URL: "addresses",
  REDIS_URL: "addresses",
  REDIS_SENTINELS: "addresses",
  REDIS_CLUSTER: "addresses",
  RECORDS: "value",
  PORT: "value",
  HOST: "value",
  OPS_PORT: "value",
  OPS_HOST: "value",
  OPS_ALLOWED_HOSTS: "value",
  LOG_LEVEL: "value",
  DRAIN_MS: "value",
  MAX_RECORD_IDS: "value",
  MAX_UPLOADED_IDS: "value",
  MAX_OPEN_ACTIONS: "value",
  RATE_LIMIT: "value",
  TRUSTED_PROXIES: "value",
  MEMORY_IN_FLIGHT_MB: "value",
  CHUNK_SIZE: "value",
  WINDOW: "value",
  RESTORE_DAYS: "value",
  RETENTION_DAYS: "value",
  RECORD_SEARCH: "value",
  API_POOL_SIZE: "value",
  WEBHOOK_SECRET_KEY: "secret",
  WEBHOOK_ALLOW_LOOPBACK: "value",
  // The page lists names and roles apart.
  DASHBOARD_USERS: "secret",
  DASHBOARD_SESSION_KEY: "secret",
  OTEL_SDK_DISABLED: "value",
  OTEL_TRACES_EXPORTER: "value",
  OTEL_EXPORTER_OTLP_ENDPOINT: "addresses",
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "addresses",
  OTEL_EXPORTER_OTLP_PROTOCOL: "value",
  OTEL_EXPORTER_OTLP_HEADERS: "secret",
  OTEL_SERVICE_NAME: "value",
  OTEL_RESOURCE_ATTRIBUTES: "secret",
  OTEL_TRACES_SAMPLER: "value",
  OTEL_TRACES_SAMPLER_ARG: "value",
};

/** Lists every variable of the API with its value in force, without secrets. */
export function listVariables(config: ApiConfig): readonly ShownVariable[] {
  const meanings = readMeanings();
  const defaults: Readonly<Record<string, unknown>> = readConfig(apiConfig, {
    DATABASE_URL: "postgres://none",
  });
  const values: Readonly<Record<string, unknown>> = config;
  return Object.keys(apiConfig.shape)
    .toSorted(inOrderOf([...meanings.keys()]))
    .map((name) => ({
      name,
      value: showVariable(name, values[name]),
      isDefault: isDeepStrictEqual(values[name], defaults[name]),
      meaning: meanings.get(name)?.meaning,
      readBy: meanings.get(name)?.heading,
    }));
}

function inOrderOf(names: readonly string[]): (one: string, other: string) => number {
  return (one, other) => names.indexOf(one) - names.indexOf(other);
}

/** Returns what may be seen of a value. */
export function showVariable(name: string, value: unknown): string {
  if (value === undefined) return "not set";
  switch (findShown(name)) {
    case "value":
      return showValue(value);
    case "addresses":
      return [value].flat().map(showAddress).join(", ");
    case "secret":
      return "set";
  }
}

const SHOWN_BY_NAME: ReadonlyMap<string, Shown> = new Map(Object.entries(SHOWN));

function findShown(name: string): Shown {
  return SHOWN_BY_NAME.get(name) ?? "secret";
}

function showValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(showValue).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  if ("requests" in value && "seconds" in value) return `${value.requests}/${value.seconds}`;
  // Nothing is shown by mistake.
  return "set";
}
