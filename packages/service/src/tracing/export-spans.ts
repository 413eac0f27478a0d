import { type Attributes, context, DiagLogLevel, diag, ROOT_CONTEXT } from "@opentelemetry/api";
import { parseKeyPairsIntoRecord, setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import type { TracingConfig } from "../config/tracing-config.ts";
import type { Logger } from "../process/logger.ts";
import type { Service } from "../process/run-service.ts";
import { reportAtMostEvery } from "../timing/report-at-most-every.ts";
import { installTracer } from "./install-tracer.ts";

/** Sends spans to an OTLP collector, in batches from a bounded queue. Drops spans when the queue is full. */
export function exportSpans(
  config: TracingConfig,
  url: string,
  serviceName: string,
  logger: Logger,
): Service {
  logTrouble(logger);
  const exporter = new OTLPTraceExporter({
    url,
    headers: parseKeyPairsIntoRecord(config.OTEL_EXPORTER_OTLP_HEADERS),
    timeoutMillis: 5_000,
  });
  return installTracer({
    processor: new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000, exportTimeoutMillis: 10_000 }),
    sampler: chooseSampler(config),
    attributes: describeProcess(config, serviceName),
  });
}

// The SDK reports a collector that is away here, without spans or headers. The warning concerns many traces, so it is
// logged outside the current one.
function logTrouble(logger: Logger): void {
  const warn = reportAtMostEvery((reason, suppressed) => {
    logger.warn({ reason, suppressed }, "tracing failed; spans are lost, work continues");
  }, 60_000);
  const report = (reason: string) => context.with(ROOT_CONTEXT, () => warn(reason));
  const ignore = () => undefined;
  setGlobalErrorHandler((error) => report(error instanceof Error ? error.message : "unknown"));
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

function chooseSampler({
  OTEL_TRACES_SAMPLER: name,
  OTEL_TRACES_SAMPLER_ARG: share,
}: TracingConfig): Sampler {
  switch (name) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(share);
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) });
  }
}

// The specification: OTEL_SERVICE_NAME takes precedence over a name among the attributes.
function describeProcess(config: TracingConfig, serviceName: string): Attributes {
  const { OTEL_RESOURCE_ATTRIBUTES: attributes, OTEL_SERVICE_NAME: given } = config;
  return {
    "service.name": serviceName,
    "process.pid": process.pid,
    ...parseKeyPairsIntoRecord(attributes),
    ...(given !== undefined && { "service.name": given }),
  };
}
