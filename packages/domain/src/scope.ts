/** What a token may be used for. */
export type Scope =
  | "bulk_actions:read"
  | "bulk_actions:write"
  | "webhook_endpoints:read"
  | "webhook_endpoints:write";

export const ALL_SCOPES: readonly Scope[] = [
  "bulk_actions:read",
  "bulk_actions:write",
  "webhook_endpoints:read",
  "webhook_endpoints:write",
];
