import { context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { TURN_QUEUE } from "../engines/connection.ts";
import type { NewTurn } from "./turn.ts";
import type { TurnQueue } from "./turn-queue.ts";
import { writeTrace } from "./turn-trace.ts";

/** Turns of one bulk action that are being sent, and the span of the sending. */
export type Sending = { readonly turns: readonly NewTurn[]; readonly span: Span };

const tracer = trace.getTracer("bulk-actions");

/** Begins a span for sending turns, and adds them to its trace: the active one, or a new one. */
export function beginSending(turns: readonly NewTurn[]): Sending {
  const span = tracer.startSpan(`send ${TURN_QUEUE}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      "messaging.system": "bullmq",
      "messaging.destination.name": TURN_QUEUE,
      "messaging.operation.name": "add",
      "messaging.operation.type": "send",
      "messaging.batch.message_count": turns.length,
      "bulk_action.id": turns[0]?.bulkActionId,
    },
  });
  const written = writeTrace(trace.setSpan(context.active(), span));
  return { turns: turns.map((turn) => ({ ...turn, trace: written })), span };
}

/** Adds all turns to the queue in one call, and ends the spans. Throws what `addTurns` throws. */
export async function sendTurns(
  queue: Pick<TurnQueue, "addTurns">,
  sendings: readonly Sending[],
): Promise<void> {
  try {
    await queue.addTurns(sendings.flatMap(({ turns }) => turns));
  } catch (error) {
    for (const { span } of sendings) span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    for (const { span } of sendings) span.end();
  }
}
