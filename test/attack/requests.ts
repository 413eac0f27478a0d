import { head } from "./weapons.ts";

export const FORM = "application/x-www-form-urlencoded";

/** The head of a request with a body of this length, after which the connection is to be closed. */
export function post(
  requestLine: string,
  token: string,
  { length }: { readonly length: number },
  headers: Readonly<Record<string, string>> = {},
): string {
  const usual = { "content-type": "application/json", "content-length": length, connection: "close" };
  return head(requestLine, { ...bearer(token), ...usual, ...headers });
}

export function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

export function bulkAction(recordIds: readonly string[]) {
  return { bulk_action: { action_type: "delete_products", record_ids: recordIds } };
}
