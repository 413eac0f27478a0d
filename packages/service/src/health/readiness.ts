import { cacheFor } from "../timing/cache-for.ts";
import { withinOr } from "../timing/deadline.ts";

/** The state of a dependency. The reason is for people and contains no address and no secret. */
export type Finding =
  | { readonly status: "ok" }
  /** `warning`: works, but needs attention. `unknown`: could not be determined. */
  | { readonly status: "warning" | "unavailable" | "unknown"; readonly reason: string };

/** Something that a process depends on. */
export type Dependency = {
  readonly name: string;
  /** Whether the process is not ready without it. */
  readonly isNeeded: boolean;
  readonly check: () => Promise<Finding>;
  /** The finding if the check throws or takes longer than two seconds. */
  readonly otherwise: Finding;
};

export type ReadinessReport = {
  /** `degraded`: ready, but a dependency has a warning, or a dependency that is not needed is unavailable. */
  readonly status: "ok" | "degraded" | "unavailable" | "stopping";
  readonly checks: readonly (Finding & { readonly name: string })[];
};

/** Reports whether this process should get requests or turns. */
export type Readiness = {
  /**
   * Returns within about two seconds. Runs at most one check per dependency at a time, and at most once a second,
   * regardless of the number of probes.
   */
  report(): Promise<ReadinessReport>;
  /** From now on the status is `stopping`. */
  turnOff(): void;
};

const DEADLINE_MS = 2_000;
const SHARED_FOR_MS = 1_000;

export function createReadiness(dependencies: readonly Dependency[]): Readiness {
  const examinations = dependencies.map(createExamination);
  let isStopping = false;
  return {
    async report() {
      if (isStopping) return STOPPING;
      const examined = await Promise.all(examinations.map((examine) => examine()));
      // `turnOff` may have been called meanwhile.
      return isStopping ? STOPPING : conclude(examined);
    },
    turnOff() {
      isStopping = true;
    },
  };
}

const STOPPING: ReadinessReport = { status: "stopping", checks: [] };

type Examined = { readonly name: string; readonly isNeeded: boolean; readonly finding: Finding };

function createExamination({ name, isNeeded, check, otherwise }: Dependency): () => Promise<Examined> {
  const checkSparingly = cacheFor(SHARED_FOR_MS, check);
  return async () => {
    return { name, isNeeded, finding: await withinOr(DEADLINE_MS, checkSparingly(), otherwise) };
  };
}

function conclude(examined: readonly Examined[]): ReadinessReport {
  const away = examined.filter(({ finding }) => finding.status === "unavailable");
  const isDegraded = away.length > 0 || examined.some(({ finding }) => finding.status === "warning");
  return {
    status: away.some(({ isNeeded }) => isNeeded) ? "unavailable" : isDegraded ? "degraded" : "ok",
    checks: examined.map(({ name, finding }) => ({ name, ...finding })),
  };
}
