import type { Dependency } from "./readiness.ts";

/** An action type of which no chunk is begun, and why. */
type Hold = { readonly actionType: string; readonly reason: string };

/** Reports the action types that are held because the database differs from their declaration. The process stays ready. */
export function holdDependency(listHolds: () => Promise<readonly Hold[]>): Dependency {
  return {
    name: "declaration",
    isNeeded: false,
    async check() {
      const holds = await listHolds();
      if (holds.length === 0) return { status: "ok" };
      const reasons = holds.map(({ actionType, reason }) => `${actionType}: ${reason}`);
      return { status: "warning", reason: `No chunk is begun of ${reasons.join("; ")}` };
    },
    otherwise: { status: "unknown", reason: "PostgreSQL does not tell which action types are held." },
  };
}
