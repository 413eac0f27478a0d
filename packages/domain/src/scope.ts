/** A permission of a token. */
export type Scope =
  | "bulk_actions:read"
  | "bulk_actions:write"
  | "webhook_endpoints:read"
  | "webhook_endpoints:write";

/** All scopes. */
export const ALL_SCOPES: readonly Scope[] = [
  "bulk_actions:read",
  "bulk_actions:write",
  "webhook_endpoints:read",
  "webhook_endpoints:write",
];
