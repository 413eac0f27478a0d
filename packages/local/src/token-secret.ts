import { randomBytes } from "node:crypto";

/** A new bearer secret: 256 random bits behind a prefix that secret scanners can look for. */
export function createTokenSecret(): string {
  return `bulk_live_${randomBytes(32).toString("base64url")}`;
}
