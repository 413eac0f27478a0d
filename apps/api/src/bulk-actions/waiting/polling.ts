import { createHash } from "node:crypto";
import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import type { BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import type { WireDetails } from "@bulk/wire/details";
import type { View } from "../view.ts";

/** How long a caller should wait before the next poll. An open bulk action changes several times a second. */
export const RETRY_AFTER = { "Retry-After": "1" } as const;

/**
 * Returns the headers that make polling cheap: an `ETag`, and `Retry-After` as long as the bulk action is open. The
 * `ETag` changes whenever the body does: skipped ids are only ever added, so their number identifies them. It may also
 * change when the body does not, because it has milliseconds where `updated_at` has seconds.
 *
 * @param fields the keys in the body, if the caller named some
 * @param details the details, if the body has them
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
 * Returns whether an `If-None-Match` header names this ETag, by the weak comparison of RFC 9110, 13.1.2. Express's own
 * comparison fails for every `Cache-Control: no-cache`, which `fetch` adds to a request with this header.
 */
export function isNamed(etag: string, ifNoneMatch: string): boolean {
  const names = ifNoneMatch.split(",").map((name) => name.trim().replace(/^W\//, ""));
  return names.includes("*") || names.includes(etag);
}
