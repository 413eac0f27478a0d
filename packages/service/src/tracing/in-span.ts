import { type Span, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";

/** The tracer of this service. */
export const tracer = trace.getTracer("bulk-actions");

/**
 * Runs work in a new span below the active one. If the work throws, the span gets the error's class, not its message,
 * because a database's message may quote a record.
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
