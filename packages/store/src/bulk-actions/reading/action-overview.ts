import type { Progress } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database } from "../../database.ts";
import { IS_PAUSED } from "../../operations/pauses.ts";
import { textArray } from "../../sql.ts";
import { COLUMNS } from "../columns.ts";
import { TALLY } from "../tally.ts";

/** A bulk action as operators see it: of any account, without ids of records. */
export type ActionOverview = BulkAction &
  Progress & {
    readonly accountName: string;
    /** Whether a pause holds it. */
    readonly isPaused: boolean;
    readonly generation: number;
    /** The token that requested the cancel, by its name, or what stands for an operator; null without a cancel, or if unknown. */
    readonly cancelRequestedBy: string | null;
    /** The filter by which its records were selected; null: they were listed. */
    readonly filter: unknown;
    readonly chunks: number;
    /** Those all of whose records have an outcome. */
    readonly finishedChunks: number;
    /** Unfinished chunks that the database refused before. */
    readonly troubledChunks: number;
    /** When the first unfinished chunk may be tried, if all of them must wait. */
    readonly nextDueAt: Date | null;
  };

/**
 * Reads the bulk actions of these ids, of any account, in one query. Those that do not exist are absent. For operators
 * only.
 */
export async function readActionOverviews(
  database: Database,
  ids: readonly string[],
): Promise<readonly ActionOverview[]> {
  return await database.$queryRaw<ActionOverview[]>`
    SELECT ${COLUMNS}, account.name AS "accountName", bulk_action.generation, chunk.*, bulk_action.filter,
           COALESCE((SELECT token.name FROM bulk.api_tokens token
                     WHERE token.account_id = bulk_action.account_id AND token.id::text = bulk_action.cancel_requested_by),
                    bulk_action.cancel_requested_by) AS "cancelRequestedBy",
           (SELECT ${IS_PAUSED} FROM bulk.bulk_actions WHERE id = bulk_action.id) AS "isPaused"
    FROM bulk.bulk_actions bulk_action JOIN bulk.accounts account ON account.id = bulk_action.account_id,
         LATERAL (
      SELECT ${TALLY}, max(progressed_at) AS "lastProgressAt",
             count(*)::int AS chunks,
             count(*) FILTER (WHERE finished_at IS NOT NULL AND done_count = record_count)::int AS "finishedChunks",
             count(*) FILTER (WHERE finished_at IS NULL
                                AND (attempts > 0 OR slice_size IS NOT NULL))::int AS "troubledChunks",
             NULLIF(GREATEST(min(not_before) FILTER (WHERE finished_at IS NULL), now()), now()) AS "nextDueAt"
      FROM bulk.bulk_action_chunks WHERE bulk_action_id = bulk_action.id) AS chunk
    WHERE bulk_action.id = ANY (${textArray(ids)}::uuid[])`;
}
