import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";

/**
 * Refuses changes by pages of other origins (CSRF). Browsers send the origin; a request without one does not come from
 * a browser and so has no cookie that a page could misuse. `SameSite` alone would allow pages on other ports of this
 * host.
 */
export const refuseOtherOrigins: RequestHandler = ({ method, headers }, response, next) => {
  if (isReading(method) || isSameOrigin(headers)) next();
  else response.status(403).type("text").send("Refused: the request comes from another site.\n");
};

/** Returns whether requests with this method change nothing. */
export function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

// Without TLS browsers send Sec-Fetch-Site to loopback only: https://www.w3.org/TR/fetch-metadata/
function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
