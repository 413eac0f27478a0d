import type { Database } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import type { JournalKind, NewEntry } from "./journal.ts";

/** What workers begin and end by themselves, with the kind of the entry for its end. */
const PHASES = { brake: "release", hold: "let_go" } as const satisfies Partial<
  Record<JournalKind, JournalKind>
>;

/** A time in which workers work more slowly, or not at all. */
export type Phase = Pick<NewEntry, "by" | "actionType" | "detail"> & { readonly kind: keyof typeof PHASES };

/**
 * Interruptions of a phase that are shorter than this are not in the journal, so a shop with some traffic does not fill it:
 * it gets at most one beginning and one end of a phase in this time.
 */
const SHORT_SECONDS = 60;

/** Writes down that a phase begins; if it has ended a short while ago, removes that end instead. */
export async function notePhaseBegun(database: Database, phase: Phase): Promise<void> {
  const { kind, by, actionType, detail } = phase;
  await database.$executeRaw`
    WITH latest AS (${selectLatest(phase)}),
    continued AS (
      DELETE FROM bulk.journal USING latest WHERE journal.id = latest.id AND latest.kind = ${PHASES[kind]}
    )
    INSERT INTO bulk.journal (kind, by, action_type, detail)
    SELECT ${kind}, ${by}, ${actionType ?? null}, left(${detail ?? null}, 500)
    WHERE NOT EXISTS (SELECT FROM latest)`;
}

/** Writes down that a phase has ended. */
export async function notePhaseEnded(
  database: Database,
  { kind, by, actionType, detail }: Phase,
): Promise<void> {
  await database.$executeRaw`
    INSERT INTO bulk.journal (kind, by, action_type, detail)
    VALUES (${PHASES[kind]}, ${by}, ${actionType ?? null}, left(${detail ?? null}, 500))`;
}

function selectLatest({ kind, actionType }: Phase): Sql {
  return sql`
    SELECT id, kind FROM bulk.journal
    WHERE bulk_action_id IS NULL AND kind IN (${kind}, ${PHASES[kind]})
      AND action_type IS NOT DISTINCT FROM ${actionType ?? null}
      AND at > clock_timestamp() - make_interval(secs => ${SHORT_SECONDS})
    ORDER BY at DESC LIMIT 1`;
}
