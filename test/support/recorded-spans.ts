import { installTracer } from "@bulk/service/tracing/install-tracer";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace";

/** A span that has ended, as far as tests look. */
export type RecordedSpan = {
  readonly name: string;
  readonly kind: string | undefined;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly isError: boolean;
  /** What is said in words, such as an exception. */
  readonly words: unknown;
  readonly attributes: ReadableSpan["attributes"];
};

export type SpanRecorder = AsyncDisposable & {
  /** All that have ended so far, in that order. */
  spans(): readonly RecordedSpan[];
  forget(): void;
};

/** Keeps every span of this process, as a collector would get it. */
export function recordSpans(): SpanRecorder {
  const exporter = new InMemorySpanExporter();
  const tracing = installTracer({
    processor: new SimpleSpanProcessor({ exporter }),
    sampler: new AlwaysOnSampler(),
    attributes: {},
  });
  return {
    spans: () => exporter.getFinishedSpans().map(describe),
    forget: () => exporter.reset(),
    [Symbol.asyncDispose]: () => tracing.stop(),
  };
}

function describe(span: ReadableSpan): RecordedSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    ...{ name: span.name, kind: SpanKind[span.kind], traceId, spanId },
    parentId: span.parentSpanContext?.spanId,
    isError: span.status.code === SpanStatusCode.ERROR,
    words: [span.status.message, span.events],
    attributes: span.attributes,
  };
}
