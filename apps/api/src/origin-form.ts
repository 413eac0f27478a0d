/**
 * The path and query of a request target. Clients of proxies send a whole URL, and a server must understand
 * it (RFC 9112, 3.2.2), but the router knows paths only. What is no URL either becomes a path that leads
 * nowhere.
 */
export function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const url = URL.parse(target);
  return url === null ? `/${target}` : `${url.pathname}${url.search}`;
}
