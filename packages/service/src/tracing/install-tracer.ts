import { type Attributes, context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { type Sampler, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Service } from "../process/run-service.ts";
import { withinOr } from "../timing/deadline.ts";

/** Time limit for sending the last spans when a process ends. */
const FLUSH_MS = 3_000;

export type TracerOptions = {
  /** Receives ended spans. */
  readonly processor: SpanProcessor;
  readonly sampler: Sampler;
  /** Attributes of every span. */
  readonly attributes: Attributes;
};

/** Sends every span of this process to the processor, and makes trace contexts follow asynchronous work. */
export function installTracer({ processor, sampler, attributes }: TracerOptions): Service {
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(attributes)),
    sampler,
    spanProcessors: [processor],
    spanLimits: { attributeValueLengthLimit: 1_000 },
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    async stop() {
      await withinOr(FLUSH_MS, provider.shutdown(), undefined);
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}
