import { type Span, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";

/** Whoever makes the spans of this service. */
export const tracer = trace.getTracer("bulk-actions");

/**
 * Does work in a span of its own, below the one that is active. Work that throws marks it with the error's
 * class; never with its message, since a database's may quote a record.
 */
export async function inSpan<Result>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return await tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setAttribute("error.type", error instanceof Error ? error.name : typeof error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
