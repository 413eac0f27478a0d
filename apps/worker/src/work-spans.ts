import { TURN_QUEUE } from "@bulk/queue/connection";
import type { TakenTurn } from "@bulk/queue/turn-worker";
import { inSpan } from "@bulk/service/in-span";
import type { CarefulReport } from "@bulk/store/careful-chunk";
import type { ChunkReport } from "@bulk/store/chunks";
import { type Attributes, SpanKind } from "@opentelemetry/api";

/** Takes a turn in a span of its own; the spans of its chunks are below it. */
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
 * Lets the database work on a chunk in a span of its own, which tells how many records had which outcome and
 * no id of any. https://opentelemetry.io/docs/specs/semconv/database/postgresql/
 */
export async function inChunkSpan<Result extends CarefulReport | ChunkReport | undefined>(
  apply: () => Promise<Result>,
): Promise<Result> {
  const attributes = {
    "db.system.name": "postgresql",
    "db.operation.name": "UPDATE",
    "db.collection.name": "bulk_action_chunks",
  };
  return await inSpan("UPDATE bulk_action_chunks", { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const result = await apply();
    span.setAttributes(describe(result));
    return result;
  });
}

function describe(result: CarefulReport | ChunkReport | undefined): Attributes {
  if (result === undefined) return {};
  if (!("kind" in result)) return describeReport(result);
  switch (result.kind) {
    case "none_free":
    case "overtaken":
      return {};
    case "not_concluded":
      return { "bulk_action.chunk.position": result.position, "error.type": result.kind };
    case "applied":
      return describeReport(result.report);
    case "set_back":
      return { "bulk_action.chunk.position": result.position, "error.type": result.fault };
  }
}

function describeReport({ position, deleted, skipped, failed }: ChunkReport): Attributes {
  return {
    "bulk_action.chunk.position": position,
    "bulk_action.chunk.deleted": deleted,
    "bulk_action.chunk.skipped": skipped,
    "bulk_action.chunk.failed": failed,
  };
}
