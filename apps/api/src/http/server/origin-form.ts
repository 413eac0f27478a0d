/**
 * Returns the path and query of a request target. A client of a proxy sends an absolute URL, which a server must
 * accept (RFC 9112, 3.2.2); the router matches paths only. An invalid target becomes a path that no route matches.
 */
export function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const url = URL.parse(target);
  return url === null ? `/${target}` : `${url.pathname}${url.search}`;
}
