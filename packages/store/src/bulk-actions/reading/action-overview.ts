import type { Progress } from "@bulk/domain/bulk-actions/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database } from "../../database.ts";
import { IS_PAUSED } from "../../operations/pauses.ts";
import { COLUMNS } from "../columns.ts";
import { TALLY } from "../tally.ts";

/** A bulk action as operators see it: of any account, without ids of records. */
export type ActionOverview = BulkAction &
  Progress & {
    readonly accountName: string;
    /** Whether a pause holds it. */
    readonly isPaused: boolean;
    readonly generation: number;
    readonly chunks: number;
    readonly finishedChunks: number;
    /** Unfinished chunks that the database refused before. */
    readonly troubledChunks: number;
    /** When the first unfinished chunk may be tried, if all of them must wait. */
    readonly nextDueAt: Date | null;
  };

/** Finds the bulk action of this id, of any account. For operators only. */
export async function findActionOverview(
  database: Database,
  id: string,
): Promise<ActionOverview | undefined> {
  const [overview] = await database.$queryRaw<ActionOverview[]>`
    SELECT ${COLUMNS}, account.name AS "accountName", bulk_action.generation, chunk.*,
           (SELECT ${IS_PAUSED} FROM bulk.bulk_actions WHERE id = bulk_action.id) AS "isPaused"
    FROM bulk.bulk_actions bulk_action JOIN bulk.accounts account ON account.id = bulk_action.account_id,
         LATERAL (
      SELECT ${TALLY}, max(progressed_at) AS "lastProgressAt",
             count(*)::int AS chunks,
             count(*) FILTER (WHERE finished_at IS NOT NULL)::int AS "finishedChunks",
             count(*) FILTER (WHERE finished_at IS NULL
                                AND (attempts > 0 OR slice_size IS NOT NULL))::int AS "troubledChunks",
             NULLIF(GREATEST(min(not_before) FILTER (WHERE finished_at IS NULL), now()), now()) AS "nextDueAt"
      FROM bulk.bulk_action_chunks WHERE bulk_action_id = bulk_action.id) AS chunk
    WHERE bulk_action.id = ${id}::uuid`;
  return overview;
}
