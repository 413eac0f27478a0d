import type { Progress } from "@bulk/domain/action-outcome";
import type { BulkAction } from "@bulk/domain/bulk-action";
import { COLUMNS } from "./bulk-actions.ts";
import type { Database } from "./database.ts";
import { IS_PAUSED } from "./pauses.ts";
import { TALLY } from "./tally.ts";

/** A bulk action as those see it who run the service: of any account, without a record's id. */
export type ActionOverview = BulkAction &
  Progress & {
    readonly accountName: string;
    /** Whether an operator's pause holds it. */
    readonly isPaused: boolean;
    readonly generation: number;
    readonly chunks: number;
    readonly finishedChunks: number;
    /** Unfinished ones that the database refused before. */
    readonly troubledChunks: number;
    /** When the first of the unfinished ones may be tried, if all of them are to wait until then. */
    readonly nextDueAt: Date | null;
  };

/** The bulk action of this id, of whatever account: for operators only, never for a caller of the API. */
export async function findActionOverview(
  database: Database,
  id: string,
): Promise<ActionOverview | undefined> {
  const [overview] = await database.$queryRaw<ActionOverview[]>`
    SELECT ${COLUMNS}, account.name AS "accountName", bulk_action.generation, chunk.*,
           (SELECT ${IS_PAUSED} FROM bulk_actions WHERE id = bulk_action.id) AS "isPaused"
    FROM bulk_actions bulk_action JOIN accounts account ON account.id = bulk_action.account_id,
         LATERAL (
      SELECT ${TALLY}, max(progressed_at) AS "lastProgressAt",
             count(*)::int AS chunks,
             count(*) FILTER (WHERE finished_at IS NOT NULL)::int AS "finishedChunks",
             count(*) FILTER (WHERE finished_at IS NULL
                                AND (attempts > 0 OR slice_size IS NOT NULL))::int AS "troubledChunks",
             NULLIF(GREATEST(min(not_before) FILTER (WHERE finished_at IS NULL), now()), now()) AS "nextDueAt"
      FROM bulk_action_chunks WHERE bulk_action_id = bulk_action.id) AS chunk
    WHERE bulk_action.id = ${id}::uuid`;
  return overview;
}
