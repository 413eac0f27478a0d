import { findRefusal } from "@bulk/postgres/find-refusal";
import { trace } from "@opentelemetry/api";
import { type Logger, type LoggerOptions, pino, stdSerializers } from "pino";
import pretty from "pino-pretty";

export type { Logger };

export type LogOptions = {
  /** Which process speaks: `api`, `worker`, … */
  readonly name: string;
  readonly level: string;
};

/**
 * Logs to standard output: for people when that is a terminal, one JSON object a line otherwise. An error
 * goes in the field `error`, as `describeError` has it. What is said in a span
 * carries the ids of its trace and span.
 */
export function createLogger({ name, level }: LogOptions): Logger {
  const options: LoggerOptions = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: describeError },
    mixin: identifySpan,
  };
  if (!process.stdout.isTTY) return pino(options);
  return pino(options, pretty({ ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l", sync: true }));
}

// The names that OpenTelemetry gives them in logs of other formats.
function identifySpan(): Readonly<Record<string, string>> {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}

/**
 * An error as it is logged: type, message and stack. Of one that PostgreSQL sent the code, the table and the constraint
 * stand in place of the message, which may quote records: "Failing row contains (…)".
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { type, message, stack } = stdSerializers.err(error);
  const refusal = findRefusal(error);
  if (refusal === undefined && error.name !== QUOTES_ARGUMENTS) return { type, message, stack };
  const words =
    refusal === undefined ? "A query was malformed." : `PostgreSQL refused it (${refusal.sqlstate}).`;
  return { type, message: words, ...refusal, stack: framesOf(error) };
}

const QUOTES_ARGUMENTS = "PrismaClientValidationError";

function framesOf({ stack = "" }: Error): string {
  return stack
    .split("\n")
    .filter((line) => /^ {4}at /.test(line))
    .join("\n");
}
