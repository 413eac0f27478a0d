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
import { installTracer } from "./install-tracer.ts";
import type { Logger } from "./logger.ts";
import type { Service } from "./run-service.ts";
import { sparingly } from "./sparingly.ts";
import type { TracingConfig } from "./tracing-config.ts";

/** Sends spans to an OTLP collector, in batches and from a bounded queue: what does not fit is dropped. */
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

// Of a collector that is away the SDK tells here; never of spans or headers. Outside of the trace it happens to be in,
// since what is lost is of many.
function logTrouble(logger: Logger): void {
  const warn = sparingly((reason, suppressed) => {
    logger.warn({ reason, suppressed }, "tracing trouble; spans are lost, work goes on");
  }, 60_000);
  const tell = (reason: string) => context.with(ROOT_CONTEXT, () => warn(reason));
  const ignore = () => undefined;
  setGlobalErrorHandler((error) => tell(error instanceof Error ? error.message : "unknown"));
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
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

// OTEL_SERVICE_NAME goes before a name among the attributes, as the specification says.
function describeProcess(config: TracingConfig, serviceName: string): Attributes {
  const { OTEL_RESOURCE_ATTRIBUTES: attributes, OTEL_SERVICE_NAME: given } = config;
  return {
    "service.name": serviceName,
    "process.pid": process.pid,
    ...parseKeyPairsIntoRecord(attributes),
    ...(given !== undefined && { "service.name": given }),
  };
}
