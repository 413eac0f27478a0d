import type { BulkAction, BulkActionDetails, BulkActionPreview } from "bulk-actions-client/types";
import { alignRows } from "./table.ts";

/** Returns a bulk action as lines. */
export function describeBulkAction({ id, action_type, status, created_at, details }: BulkAction): string {
  const { outcome, total, retry_of, restore_of, paused, braked_by, restorable_until } = details;
  return alignRows([
    ["id", id],
    ["action", action_type],
    ["status", outcome === null || outcome === status ? status : `${status} (${outcome})`],
    ["records", `${total}: ${describeCounts(details)}`],
    ["created", showMoment(created_at)],
    ["ended", showMoment(details.finished_at)],
    ...(paused === null ? [] : [["paused", `since ${showMoment(paused.since)}${reasonOf(paused.reason)}`]]),
    ...(braked_by === null ? [] : [["slow", `since ${showMoment(braked_by.since)}: ${braked_by.reason}`]]),
    ...(retry_of === null ? [] : [["retry of", retry_of]]),
    ...(restore_of === null ? [] : [["restore of", restore_of]]),
    ...(restorable_until === null ? [] : [["restorable", `until ${showMoment(restorable_until)}`]]),
  ]);
}

function reasonOf(reason: string | null): string {
  return reason === null ? "" : `: ${reason}`;
}

function describeCounts(details: BulkActionDetails): string {
  const { total, processed, skipped, failed, not_attempted, outcome } = details;
  const rest = outcome === null ? `${total - processed} pending` : `${not_attempted} not attempted`;
  const applied = `${processed - skipped - failed} ${effectOf(details)}`;
  return [applied, `${skipped} skipped`, `${failed} failed`, rest].join(", ");
}

const OTHER_COUNTS = new Set(["total", "processed", "skipped", "failed", "not_attempted", "restored"]);

/** The word for what the action does: the count that only actions of its kind have. */
function effectOf(details: BulkActionDetails): string {
  if (details.restore_of !== null) return "restored";
  const counts = Object.entries(details).filter(([name, value]) => {
    return typeof value === "number" && !OTHER_COUNTS.has(name) && !/_(at|until)$/.test(name);
  });
  return counts[0]?.[0] ?? "changed";
}

/** Returns a preview as lines. */
export function describePreview(preview: BulkActionPreview): string {
  const { action_type, total, applicable, skipped, reasons, warnings } = preview;
  const why = reasons.map(({ count, code, message }) => [`  ${count}`, code, message]);
  return [
    `${action_type}: applies to ${applicable} of ${total} records; ${skipped} would be skipped.\n`,
    alignRows(why),
    ...warnings.map(({ message }) => `Warning: ${message}\n`),
  ].join("");
}

/** Returns a moment in UTC. */
export function showMoment(seconds: number | null): string {
  if (seconds === null) return "-";
  return new Date(seconds * 1_000).toISOString().replace("T", " ").replace(".000Z", "Z");
}
