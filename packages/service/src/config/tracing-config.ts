import { z } from "zod";
import { flag, urlOf } from "./read-config.ts";

/**
 * OpenTelemetry's standard variables for traces. Default: no traces.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export const tracingConfig = z.object({
  OTEL_SDK_DISABLED: flag().default(false),
  /** Default: `otlp` if an endpoint is set, else `none`. */
  OTEL_TRACES_EXPORTER: z.enum(["otlp", "none"]).optional(),
  /** URL of the collector; `/v1/traces` is appended. */
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf("http:", "https:").optional(),
  /** URL of the collector for traces, used unchanged. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: urlOf("http:", "https:").optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.literal("http/protobuf", "must be http/protobuf").default("http/protobuf"),
  /** Headers of every export, such as `authorization=Bearer%20…`. Secret. */
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  /** Default: one name per kind of process. */
  OTEL_SERVICE_NAME: z.string().optional(),
  /** Attributes of every span, such as `deployment.environment.name=production`. */
  OTEL_RESOURCE_ATTRIBUTES: z.string().optional(),
  OTEL_TRACES_SAMPLER: z
    .enum([
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ])
    .default("parentbased_always_on"),
  /** Share of traces, 0 to 1, that the two `traceidratio` samplers keep. */
  OTEL_TRACES_SAMPLER_ARG: share().default(1),
});

export type TracingConfig = z.infer<typeof tracingConfig>;

/** Returns the URL that spans are sent to, or `undefined` if tracing is off. */
export function findTracesUrl(config: TracingConfig): string | undefined {
  const { OTEL_TRACES_EXPORTER: exporter, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config;
  if (config.OTEL_SDK_DISABLED || exporter === "none") return undefined;
  if (config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined) {
    return config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  }
  const base = exporter === "otlp" ? (endpoint ?? DEFAULT_ENDPOINT) : endpoint;
  return base === undefined ? undefined : `${base.replace(/\/$/, "")}/v1/traces`;
}

/** The collector's default address in the specification. */
const DEFAULT_ENDPOINT = "http://localhost:4318";

function share() {
  const message = "must be a number from 0 to 1";
  return z
    .string()
    .regex(/^(?:0|1|[01]?\.\d{1,9})$/, message)
    .transform(Number)
    .refine((value) => value <= 1, message);
}
