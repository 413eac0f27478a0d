import { nameTally } from "@bulk/domain/bulk-actions/outcome";
import { TURN_QUEUE } from "@bulk/queue/engines/connection";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";
import { inSpan } from "@bulk/service/tracing/in-span";
import type { ChunkReport } from "@bulk/store/chunks/apply-chunk";
import type { CarefulReport } from "@bulk/store/chunks/careful-chunk";
import { type Attributes, SpanKind } from "@opentelemetry/api";

/** Runs a turn in a span of its own. The spans of its chunks are its children. */
export async function inTurnSpan<Report>(
  { bulkActionId, actionType, generation, lane, turn }: TakenTurn,
  take: () => Promise<Report>,
): Promise<Report> {
  const attributes = {
    "messaging.system": "bullmq",
    "messaging.destination.name": TURN_QUEUE,
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "bulk_action.id": bulkActionId,
    "bulk_action.type": actionType,
    "bulk_action.generation": generation,
    "bulk_action.lane": lane,
    "bulk_action.turn": turn,
  };
  return await inSpan(`process ${TURN_QUEUE}`, { kind: SpanKind.CONSUMER, attributes }, take);
}

/**
 * Runs a try at a chunk in a span of its own. Its attributes have the number of records by outcome, under the action's own
 * word for applied ones, and no id of a record. https://opentelemetry.io/docs/specs/semconv/database/postgresql/
 */
export async function inChunkSpan<Result extends CarefulReport | ChunkReport | undefined>(
  effect: string,
  apply: () => Promise<Result>,
): Promise<Result> {
  const attributes = {
    "db.system.name": "postgresql",
    "db.operation.name": "UPDATE",
    "db.collection.name": "bulk_action_chunks",
  };
  return await inSpan("UPDATE bulk_action_chunks", { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const result = await apply();
    span.setAttributes(describe(result, effect));
    return result;
  });
}

function describe(result: CarefulReport | ChunkReport | undefined, effect: string): Attributes {
  if (result === undefined) return {};
  if (!("kind" in result)) return describeReport(result, effect);
  switch (result.kind) {
    case "none_free":
    case "overtaken":
      return {};
    case "not_concluded":
      return { "bulk_action.chunk.position": result.position, "error.type": result.kind };
    case "applied":
      return describeReport(result.report, effect);
    case "set_back":
      return { "bulk_action.chunk.position": result.position, "error.type": result.fault };
  }
}

function describeReport({ position, ...tally }: ChunkReport, effect: string): Attributes {
  const counts = Object.entries(nameTally(tally, effect));
  return {
    "bulk_action.chunk.position": position,
    ...Object.fromEntries(counts.map(([name, count]) => [`bulk_action.chunk.${name}`, count])),
  };
}
