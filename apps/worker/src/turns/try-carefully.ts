import { type Action, composeAction } from "@bulk/actions/action";
import type { ChunkFault, ChunkRemedy } from "@bulk/domain/bulk-actions/chunk-failure";
import { isRetriable } from "@bulk/domain/bulk-actions/outcome";
import type { Logger } from "@bulk/service/process/logger";
import { applyNextChunkCarefully, type CarefulReport } from "@bulk/store/chunks/careful-chunk";
import type { ChunkSource } from "@bulk/store/chunks/claim-chunk";
import type { Database } from "@bulk/store/database";
import { inChunkSpan } from "../observability/work-spans.ts";
import type { SlicePace } from "./slice-pace.ts";
import { NOTHING, type TryResult } from "./try-result.ts";

export type CarefulTools = {
  readonly database: Database;
  readonly pace: Pick<SlicePace, "noteSlow">;
  readonly logger: Logger;
};

/**
 * Tries the next chunk on the careful path, and logs what the database refused. Throws when the database cannot be
 * reached, and when it refuses the statement without any record as well.
 *
 * @param firstFault why the fast statement failed just before; `undefined` if it did not
 */
export async function tryCarefully(
  source: ChunkSource,
  action: Action,
  tools: CarefulTools,
  firstFault: ChunkFault | undefined,
): Promise<TryResult> {
  // Again, since tables may have changed after the turn began.
  const current = await composeAction(action, tools.database);
  const careful = await inChunkSpan(action.effect, () =>
    applyNextChunkCarefully(tools.database, source, current),
  );
  switch (careful.kind) {
    case "none_free":
      return { kind: "none_free" };
    case "applied":
      return { kind: "worked", tally: careful.report };
    case "overtaken":
      return { kind: "worked", tally: NOTHING };
    case "not_concluded":
      throw careful.error;
    case "set_back":
      logSetBack(source, careful, tools.logger);
      noteIfSlow(source, careful, tools.pace, firstFault);
      return resultOf(careful.remedy);
  }
}

type SetBack = Extract<CarefulReport, { readonly kind: "set_back" }>;

// The database's message may quote a record, so it is kept on the chunk and not logged.
function logSetBack(
  { bulkActionId }: ChunkSource,
  { position, fault, remedy }: SetBack,
  logger: Logger,
): void {
  logger.warn(
    { bulkActionId, position, fault, remedy },
    `${describeRemedy(remedy)}; the database's message is in bulk_action_chunks.last_error`,
  );
}

function describeRemedy(remedy: ChunkRemedy): string {
  if (remedy.kind === "wait") return "chunk waits: another session has locked a whole table";
  if (remedy.kind === "skip_record")
    return "record skipped; a rule of the database keeps it, or rows that go with it, as they are";
  if (remedy.kind !== "fail_record") return "chunk set back; it will be tried again";
  return isRetriable(remedy.code)
    ? "record given up; submit its id again once the obstacle is gone"
    : "record given up; the database refuses it until the cause is fixed";
}

// Only a chunk's first time-out counts: one slow record must not slow down every other chunk.
function noteIfSlow(
  { actionType }: ChunkSource,
  { fault, remedy }: SetBack,
  pace: CarefulTools["pace"],
  firstFault: ChunkFault | undefined,
): void {
  if (firstFault !== "slow" || fault !== "slow" || remedy.kind !== "halve") return;
  pace.noteSlow(actionType, remedy.sliceSize);
}

function resultOf(remedy: ChunkRemedy): TryResult {
  if (remedy.kind === "wait") return { kind: "table_locked", dueInMs: remedy.delayMs };
  const [skipped, failed] = [remedy.kind === "skip_record" ? 1 : 0, remedy.kind === "fail_record" ? 1 : 0];
  return { kind: "worked", tally: { ...NOTHING, skipped, failed } };
}
