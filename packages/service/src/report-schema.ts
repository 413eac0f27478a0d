import type { Logger } from "./logger.ts";
import type { Finding } from "./readiness.ts";

/**
 * A check of the schema that also logs what it found: an error, once for each reason, while the process cannot work
 * on the schema, and a line when it can again.
 */
export function reportSchema(check: () => Promise<Finding>, logger: Logger): () => Promise<Finding> {
  let reported: string | undefined;
  return async () => {
    const finding = await check();
    const reason = finding.status === "unavailable" ? finding.reason : undefined;
    if (reason !== reported && reason !== undefined) logger.error({ reason }, "not ready: run pnpm migrate");
    if (reason === undefined && reported !== undefined) logger.info("the schema is this version's now");
    reported = reason;
    return finding;
  };
}

/** Looks at the schema now, in the background. A database that is away is reported by readiness, not here. */
export function lookAtSchema(check: () => Promise<Finding>): void {
  check().catch(() => undefined);
}
