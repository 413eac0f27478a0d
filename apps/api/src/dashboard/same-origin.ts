import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";

/**
 * Lets a page of another origin change nothing (CSRF). A browser says by itself where a request comes from;
 * who says nothing is no browser, and has no cookie it could be made to send. `SameSite` alone would let in
 * the pages on other ports of this host.
 */
export const refuseOtherOrigins: RequestHandler = ({ method, headers }, response, next) => {
  if (isReading(method) || isFromHere(headers)) next();
  else response.status(403).type("text").send("Another site's page may not do this.\n");
};

/** Whether a request of this method changes nothing. */
export function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

// Without TLS browsers send Sec-Fetch-Site to this machine only: https://www.w3.org/TR/fetch-metadata/
function isFromHere(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
