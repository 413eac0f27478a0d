import type { Logger } from "../process/logger.ts";
import type { Finding } from "./readiness.ts";

/**
 * Wraps a check of the schema with logging: one error per reason while the process cannot work with the schema, and one
 * line when it can again.
 */
export function reportSchema(check: () => Promise<Finding>, logger: Logger): () => Promise<Finding> {
  let reported: string | undefined;
  return async () => {
    const finding = await check();
    const reason = finding.status === "unavailable" ? finding.reason : undefined;
    if (reason !== reported && reason !== undefined) logger.error({ reason }, "not ready: run pnpm migrate");
    if (reason === undefined && reported !== undefined) logger.info("schema ready");
    reported = reason;
    return finding;
  };
}

/** Runs the check in the background. Readiness reports a database that is away; this does not. */
export function lookAtSchema(check: () => Promise<Finding>): void {
  check().catch(() => undefined);
}
