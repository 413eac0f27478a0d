import type { ChunkSource } from "./chunks.ts";
import type { Database } from "./database.ts";
import { sql } from "./sql.ts";

/** What is paused: everything, one account's bulk actions, or those of one action type. */
export type PauseScope =
  | { readonly kind: "all" }
  | { readonly kind: "account"; readonly accountId: string }
  | { readonly kind: "action_type"; readonly actionType: string };

/** Who keeps what from beginning chunks, and why. */
export type Pause = {
  readonly scope: PauseScope;
  /** Of an account's pause; null when the account is gone. */
  readonly accountName: string | null;
  readonly reason: string | null;
  /** In their own words. */
  readonly pausedBy: string;
  readonly pausedAt: Date;
};

/**
 * Pauses: within about a second no worker begins a chunk in this scope. Pauses stack; one that is there
 * already keeps its moment and takes the new words.
 */
export async function pause(
  database: Database,
  scope: PauseScope,
  words: Pick<Pause, "reason" | "pausedBy">,
): Promise<void> {
  const key = toKey(scope);
  await database.pause.upsert({
    where: { scope_subject: key },
    create: { ...key, ...words },
    update: words,
  });
}

/** Takes this one pause back; others may go on holding the same bulk actions. Answers whether it was there. */
export async function resume(database: Database, scope: PauseScope): Promise<boolean> {
  const { count } = await database.pause.deleteMany({ where: toKey(scope) });
  return count > 0;
}

/** Every pause there is, the oldest first. */
export async function listPauses(database: Database): Promise<readonly Pause[]> {
  const rows = await database.$queryRaw<PauseRow[]>`
    SELECT scope, subject, accounts.name AS "accountName", reason,
           paused_by AS "pausedBy", paused_at AS "pausedAt"
    FROM pauses LEFT JOIN accounts ON scope = 'account' AND accounts.id::text = subject
    ORDER BY paused_at`;
  return rows.map(({ scope, subject, ...words }) => ({ scope: fromKey(scope, subject), ...words }));
}

type PauseRow = Omit<Pause, "scope"> & { readonly scope: string; readonly subject: string };

/** A condition over a row of `bulk_actions`: some pause holds it. */
export const IS_PAUSED = sql`EXISTS (
  SELECT FROM pauses
  WHERE scope = 'all'
     OR (scope = 'account' AND subject = bulk_actions.account_id::text)
     OR (scope = 'action_type' AND subject = bulk_actions.action_type))`;

/**
 * If the bulk action is paused now, ends its generation: every lane ends with its next turn, so that none is
 * left over for the time after the pause, when the sweeper starts all of them again. Answers whether it did.
 */
export async function endLanesIfPaused(
  database: Database,
  { bulkActionId, generation }: ChunkSource,
): Promise<boolean> {
  const endedCount = await database.$executeRaw`
    UPDATE bulk_actions SET generation = generation + 1
    WHERE id = ${bulkActionId}::uuid AND generation = ${generation} AND ${IS_PAUSED}`;
  return endedCount > 0;
}

function toKey(scope: PauseScope): { readonly scope: string; readonly subject: string } {
  switch (scope.kind) {
    case "all":
      return { scope: scope.kind, subject: "" };
    case "account":
      return { scope: scope.kind, subject: scope.accountId };
    case "action_type":
      return { scope: scope.kind, subject: scope.actionType };
  }
}

function fromKey(scope: string, subject: string): PauseScope {
  switch (scope) {
    case "all":
      return { kind: scope };
    case "account":
      return { kind: scope, accountId: subject };
    case "action_type":
      return { kind: scope, actionType: subject };
    default:
      throw new Error(`A pause has the scope ${scope}, which this version does not know.`);
  }
}
