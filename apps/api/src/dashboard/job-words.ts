import { parseTurn, type Turn } from "@bulk/queue/turns/turn";
import { explainEnding } from "@bulk/queue/turns/turn-ending";

/** Returns a job's payload as a turn, or `undefined` if it is none: one broken job must not hide the others. */
export function findTurn(data: unknown): Turn | undefined {
  try {
    return parseTurn(data);
  } catch {
    return undefined;
  }
}

/** `delete_products 1f0c2a9b · lane 2 · turn 7` */
export function nameTurn({ name, data }: { readonly name: string; readonly data: unknown }): string {
  const turn = findTurn(data);
  if (turn === undefined) return `${name} · not a turn`;
  return `${name} ${turn.bulkActionId.slice(0, 8)} · lane ${turn.lane} · turn ${turn.turn}`;
}

/** `endpoint 1f0c2a9b` */
export function nameDelivery({ id }: { readonly id?: string | number | null | undefined }): string {
  return `endpoint ${String(id ?? "").slice(0, 8)}`;
}

/** Returns a turn's return value, with the meaning of its ending added. */
export function explainReturn(value: unknown): unknown {
  // Bull Board writes an empty value too pale to read.
  if (value === null || value === undefined) return "none";
  if (typeof value !== "object") return value;
  const { ending, ...counts }: Readonly<Record<string, unknown>> = { ...value };
  if (typeof ending !== "string") return value;
  return { ending, meaning: explainEnding(ending), ...counts };
}
