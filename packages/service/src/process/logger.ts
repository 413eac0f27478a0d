import { findRefusal } from "@bulk/postgres/find-refusal";
import { trace } from "@opentelemetry/api";
import { type Logger, type LoggerOptions, pino, stdSerializers } from "pino";
import pretty from "pino-pretty";
import { batchLines } from "./batch-lines.ts";

export type { Logger };

export type LogOptions = {
  /** The kind of process: `api`, `worker`, … */
  readonly name: string;
  readonly level: string;
};

/**
 * Creates a logger for standard output: readable lines in a terminal, else one JSON object per line, at most 20 ms late.
 * Pass an error as the field `error`; `describeError` formats it. Lines within a span carry the ids of trace and span.
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
  if (!process.stdout.isTTY) return pino(options, batchLines(pino.destination(1)));
  return pino(options, pretty({ ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l", sync: true }));
}

// OpenTelemetry's names for these fields in logs of other formats.
function identifySpan(): Readonly<Record<string, string>> {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}

/**
 * Returns what is logged of an error: type, message and stack. PostgreSQL's messages may quote records ("Failing row
 * contains (…)"), so code, table and constraint are logged in their place.
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
