import { expect, test } from "vitest";
import { readConfig } from "./read-config.ts";
import { findTracesUrl, tracingConfig } from "./tracing-config.ts";

const BASE = "http://collector:4318";

test.each<[string, NodeJS.ProcessEnv, string | undefined]>([
  ["nothing", {}, undefined],
  ["a collector", { OTEL_EXPORTER_OTLP_ENDPOINT: BASE }, `${BASE}/v1/traces`],
  ["a collector with a slash", { OTEL_EXPORTER_OTLP_ENDPOINT: `${BASE}/` }, `${BASE}/v1/traces`],
  [
    "a URL for traces, which goes first",
    { OTEL_EXPORTER_OTLP_ENDPOINT: BASE, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${BASE}/own` },
    `${BASE}/own`,
  ],
  ["an exporter", { OTEL_TRACES_EXPORTER: "otlp" }, "http://localhost:4318/v1/traces"],
  ["none", { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: BASE }, undefined],
  ["a switch", { OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: BASE }, undefined],
])("where %s is configured, traces go where the specification says", (_what, environment, url) => {
  expect(findTracesUrl(readConfig(tracingConfig, environment))).toBe(url);
});

test.each(["0", "1", ".5", "0.25"])("%s is a share of traces", (share) => {
  const config = readConfig(tracingConfig, { OTEL_TRACES_SAMPLER_ARG: share });
  expect(config.OTEL_TRACES_SAMPLER_ARG).toBe(Number(share));
});

test.each(["1.5", "-1", "half", "1e-3", "."])("%s is no share of traces", (OTEL_TRACES_SAMPLER_ARG) => {
  expect(() => readConfig(tracingConfig, { OTEL_TRACES_SAMPLER_ARG })).toThrow(
    "must be a number from 0 to 1",
  );
});
