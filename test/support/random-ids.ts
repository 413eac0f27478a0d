import { randomUUID } from "node:crypto";

/** Ids of no record. */
export function randomIds(count: number): readonly string[] {
  return Array.from({ length: count }, () => randomUUID());
}
