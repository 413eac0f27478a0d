import type { ChunkSource } from "./chunks.ts";
import type { Database } from "./database.ts";
import { type Sql, sql } from "./sql.ts";

/** What is paused: everything, one account's bulk actions, those of one action type, or of both. */
export type PauseScope =
  | { readonly kind: "all" }
  | { readonly kind: "account"; readonly accountId: string }
  | { readonly kind: "action_type"; readonly actionType: string }
  | { readonly kind: "account_action_type"; readonly accountId: string; readonly actionType: string };

/** Who keeps what from beginning chunks, and why. */
export type Pause = {
  readonly scope: PauseScope;
  /** Where the scope names an account; null when that is gone. */
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
  return await selectPauses(database, sql`true`);
}

/** The pauses that hold this bulk action, the oldest first; none of one that has ended. */
export async function listPausesOf(database: Database, bulkActionId: string): Promise<readonly Pause[]> {
  return await selectPauses(
    database,
    sql`EXISTS (SELECT FROM bulk_actions
                WHERE id = ${bulkActionId}::uuid AND finished_at IS NULL AND ${HOLDS})`,
  );
}

async function selectPauses(database: Database, condition: Sql): Promise<readonly Pause[]> {
  const rows = await database.$queryRaw<PauseRow[]>`
    SELECT scope, subject, accounts.name AS "accountName", reason,
           paused_by AS "pausedBy", paused_at AS "pausedAt"
    FROM pauses LEFT JOIN accounts ON scope = 'account' AND accounts.id::text = split_part(subject, ' ', 1)
    WHERE ${condition}
    ORDER BY paused_at`;
  return rows.map(({ scope, subject, ...words }) => ({ scope: fromKey(scope, subject), ...words }));
}

type PauseRow = Omit<Pause, "scope"> & { readonly scope: string; readonly subject: string };

// A condition over a row of `pauses` and one of `bulk_actions`.
const HOLDS = sql`(
  scope = 'all'
  OR (scope = 'account' AND subject IN (bulk_actions.account_id::text,
                                        bulk_actions.account_id || ' ' || bulk_actions.action_type))
  OR (scope = 'action_type' AND subject = bulk_actions.action_type))`;

/** A condition over a row of `bulk_actions`: some pause holds it. */
export const IS_PAUSED = sql`EXISTS (SELECT FROM pauses WHERE ${HOLDS})`;

/**
 * If the bulk action is paused now, ends its generation: every lane ends with its next turn, so that none is
 * left over for the time after the pause, when the sweeper starts all of them again. Answers whether it did.
 */
export async function endLanesIfPaused(
  database: Database,
  { bulkActionId, generation }: Pick<ChunkSource, "bulkActionId" | "generation">,
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
    case "account_action_type":
      return { scope: "account", subject: `${scope.accountId} ${scope.actionType}` };
  }
}

function fromKey(scope: string, subject: string): PauseScope {
  switch (scope) {
    case "all":
      return { kind: scope };
    case "account":
      return fromSubject(subject);
    case "action_type":
      return { kind: scope, actionType: subject };
    default:
      throw new Error(`A pause has the scope ${scope}, which this version does not know.`);
  }
}

// An account's id, and with it maybe an action type. A version that knows no such pair takes it for an account
// that holds nothing, where a scope of its own would make it fail.
function fromSubject(subject: string): PauseScope {
  const [accountId = "", actionType] = subject.split(" ");
  return actionType === undefined
    ? { kind: "account", accountId }
    : { kind: "account_action_type", accountId, actionType };
}
