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
 * goes in the field `error`, as its type, message and stack; nothing else of it is written.
 */
export function createLogger({ name, level }: LogOptions): Logger {
  const options: LoggerOptions = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: describeError },
  };
  if (!process.stdout.isTTY) return pino(options);
  return pino(options, pretty({ ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l", sync: true }));
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { type, message, stack } = stdSerializers.err(error);
  return { type, message, stack };
}
