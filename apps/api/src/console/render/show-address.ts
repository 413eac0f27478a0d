/** Shows a URL without what may be secret: user, password, query and fragment. `set`: it is none. */
export function showAddress(url: unknown): string {
  if (typeof url !== "string" || !URL.canParse(url)) return "set";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
