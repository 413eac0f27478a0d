import { BulkActionsError } from "bulk-actions-client/errors";

/** Returns an error in words for people. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof BulkActionsError)) return [error.message, ...describeCause(error)].join("\n");
  const faults = error.validationErrors.map(({ attribute, message }) => `  ${attribute} ${message}`);
  return [`${error.message} (${error.code}, request ${error.requestId})`, ...faults].join("\n");
}

// `fetch failed` says nothing; its cause does.
function describeCause({ cause }: Error): readonly string[] {
  if (!(cause instanceof Error)) return [];
  return [`  ${cause.message}`, ...describeCause(cause)];
}
