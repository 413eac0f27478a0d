import { quoteIdentifier } from "@bulk/store/quote-identifier";
import { sql } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration, Step } from "../../declaration/records-file.ts";
import { type MarkingStep, takesBackMarks } from "../../declaration/restorable.ts";
import { nameTarget } from "../../declaration/tables.ts";

/** The steps that take back the marks of an action's steps. */
export function unmarkingSteps({ steps }: ActionDeclaration): readonly Step[] {
  return steps.filter(takesBackMarks).map(({ update, restore }) => ({ update, set: restore }));
}

/**
 * The declaration of a record in which related rows are those that the action has marked, if it has marked any: a mark that
 * stood before has another moment. The condition of other related rows is left out: they may have changed since.
 */
export function asMarked(record: RecordDeclaration, { steps }: ActionDeclaration): RecordDeclaration {
  const marks = new Map(steps.filter(takesBackMarks).map((step) => [nameTarget(step), isMarked(step)]));
  const related = Object.entries(record.related ?? {}).map(([name, { where: _, ...rows }]) => {
    const where = marks.get(name);
    return [name, where === undefined ? rows : { ...rows, where }] as const;
  });
  const { alive: _, ...rest } = record;
  const alive = marks.get("record");
  return { ...rest, ...(alive !== undefined && { alive }), related: Object.fromEntries(related) };
}

// As text, because conditions of a declaration are. It reads `bulk_origin`, and columns of one table without its name.
function isMarked({ set }: MarkingStep): string {
  const conditions = Object.entries(set).flatMap(([name, value]) => {
    if (typeof value !== "object" || value === null) return [];
    const column = quoteIdentifier(name);
    if ("bulk_action" in value) return [`${column}::text = (SELECT bulk_origin_id::text FROM bulk_origin)`];
    return [isMoment(column, value.now)];
  });
  return conditions.join(" AND ");
}

/*
 * The session's zone is UTC, so a column without zone is compared as `compileSet` has written it. Columns of a lower precision
 * than milliseconds have a rounded moment.
 */
function isMoment(column: string, zone: string): string {
  const moment =
    zone === "UTC"
      ? "bulk_origin_moment"
      : `CASE WHEN pg_typeof(${column}) = 'timestamptz'::regtype THEN bulk_origin_moment
              ELSE bulk_origin_moment AT TIME ZONE '${zone.replaceAll("'", "''")}' AT TIME ZONE 'UTC' END`;
  const rounded = [0, 1, 2].map((digits) => `(bulk_moment::timestamptz(${digits}))`);
  const day = `(CASE WHEN pg_typeof(${column}) = 'date'::regtype THEN date_trunc('day', bulk_moment) END)`;
  return `${column}::timestamptz IN (
          SELECT bulk_rounded FROM (SELECT ${moment} AS bulk_moment FROM bulk_origin) AS bulk_origin
          CROSS JOIN LATERAL (VALUES (bulk_moment), ${rounded.join(", ")}, ${day}) AS bulk_moments (bulk_rounded))`;
}

/** A named query: the moment and the id of the bulk action whose marks are taken back. */
export const ORIGIN = sql`bulk_origin AS MATERIALIZED (
      SELECT DISTINCT origin.id AS bulk_origin_id, origin.created_at AS bulk_origin_moment
      FROM claimed JOIN bulk.bulk_actions origin ON origin.id = claimed.restore_of_id
    )`;
