import { type Context, context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";

/** Returns the trace of a context, as a job carries it; `undefined` if there is none. */
export function writeTrace(from: Context): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(from, carrier);
  return Object.keys(carrier).length === 0 ? undefined : JSON.stringify(carrier);
}

/** Runs work as part of the trace of a job. A missing or unreadable trace is ignored. */
export async function inTrace<Result>(
  trace: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  return await context.with(propagation.extract(ROOT_CONTEXT, readCarrier(trace)), work);
}

function readCarrier(trace: string | undefined): unknown {
  try {
    return JSON.parse(trace ?? "{}");
  } catch {
    return {};
  }
}
