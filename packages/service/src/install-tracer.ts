import { setTimeout as wait } from "node:timers/promises";
import { type Attributes, context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { type Sampler, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Service } from "./run-service.ts";

/** How long the last spans may take when a process ends. */
const FLUSH_MS = 3_000;

export type TracerOptions = {
  /** What becomes of ended spans. */
  readonly processor: SpanProcessor;
  readonly sampler: Sampler;
  /** What is said of the process with every span. */
  readonly attributes: Attributes;
};

/** Makes every span of this process go through the processor, and trace contexts follow asynchronous work. */
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
      const done = new AbortController();
      const late = wait(FLUSH_MS, undefined, { signal: done.signal }).catch(() => undefined);
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      done.abort();
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}
