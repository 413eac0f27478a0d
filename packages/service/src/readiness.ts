import { answerOr } from "./answer-or.ts";
import { shareBriefly } from "./share-briefly.ts";

/** What was found out about a dependency; the reason is for people, and names no address and no secret. */
export type Finding =
  | { readonly status: "ok" }
  /** `warning`: it serves, but somebody should look at it. `unknown`: it could not be found out. */
  | { readonly status: "warning" | "unavailable" | "unknown"; readonly reason: string };

/** One thing a process works with. */
export type Dependency = {
  readonly name: string;
  /** Whether the process is not ready without it. */
  readonly isNeeded: boolean;
  readonly check: () => Promise<Finding>;
  /** What is said when the check throws, or takes longer than two seconds. */
  readonly otherwise: Finding;
};

export type ReadinessReport = {
  /** `degraded`: ready, but a dependency has a warning, or one that is not needed is away. */
  readonly status: "ok" | "degraded" | "unavailable" | "stopping";
  readonly checks: readonly (Finding & { readonly name: string })[];
};

/** Whether requests, or turns, should be given to this process. */
export type Readiness = {
  /**
   * Answers within about two seconds. Each dependency is asked by at most one check at a time and once a second,
   * however many probes there are.
   */
  report(): Promise<ReadinessReport>;
  /** From now on the answer is `stopping`. */
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
      // It may have been told meanwhile.
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
  const checkSparingly = shareBriefly(SHARED_FOR_MS, check);
  return async () => {
    return { name, isNeeded, finding: await answerOr(checkSparingly(), otherwise, DEADLINE_MS) };
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
