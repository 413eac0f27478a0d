import { createHash } from "node:crypto";
import { isOpen } from "@bulk/domain/bulk-action";
import type { BulkActionProgress } from "@bulk/store/bulk-action-progress";
import type { View } from "./view.ts";
import type { WireDetails } from "./wire.ts";

/** How long a caller should rest before asking again; an open bulk action changes several times a second. */
export const RETRY_AFTER = { "Retry-After": "1" } as const;

/**
 * What lets a caller wait for a bulk action at little cost: an `ETag` that changes whenever the body does
 * (skipped ids only ever come in addition, so their number tells) and, as `updated_at` has whole seconds and
 * this milliseconds, now and then when it does not; and `Retry-After` as long as it is open.
 *
 * @param fields the only keys in the body, if the caller named some
 * @param details when the body has them
 */
export function pollingHeaders(
  { status, updatedAt, skipped }: BulkActionProgress,
  fields: View["fields"],
  details: WireDetails | undefined,
): PollingHeaders {
  const version = `${status}-${updatedAt.getTime()}-${skipped}`;
  const isWhole = fields === undefined && details === undefined;
  const etag = isWhole ? `"${version}"` : `"${version}-${digest({ fields, details })}"`;
  return { ETag: etag, ...(isOpen(status) && RETRY_AFTER) };
}

function digest(shown: object): string {
  return createHash("sha256").update(JSON.stringify(shown)).digest("base64url").slice(0, 22);
}

export type PollingHeaders = { readonly ETag: string; readonly "Retry-After"?: string };

/**
 * Whether an `If-None-Match` header names this ETag: the weak comparison of RFC 9110, 13.1.2. Express's own
 * answers no to every `Cache-Control: no-cache`, which `fetch` adds to a request with this header.
 */
export function isNamed(etag: string, ifNoneMatch: string): boolean {
  const names = ifNoneMatch.split(",").map((name) => name.trim().replace(/^W\//, ""));
  return names.includes("*") || names.includes(etag);
}
