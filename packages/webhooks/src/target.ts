import ipaddr from "ipaddr.js";

/** Where webhooks may go beside public addresses. */
export type TargetPolicy = {
  /** For development: this machine as well, and plain HTTP. */
  readonly allowsLoopback: boolean;
};

/**
 * Why a URL can never be a webhook's target, as words that read on from "url"; `undefined` when nothing in the
 * URL itself speaks against it. Where its name leads is known only on connecting: `guardLookup`.
 */
export function findTargetFault(text: string, policy: TargetPolicy): string | undefined {
  if (!URL.canParse(text)) return "must be an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(policy.allowsLoopback && url.protocol === "http:")) {
    return "must start with https://";
  }
  if (url.username !== "" || url.password !== "") return "must not carry credentials";
  // Below 1024 every other port is a known service's that is no business of ours.
  if (url.port !== "" && Number(url.port) < 1_024) return "must use the default port or one from 1024 on";
  return isAllowedHost(hostOf(url), policy) ? undefined : "must lead to a public address";
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** Whether an IP address may be connected to; anything that is no IP address may not. */
export function isAllowedAddress(address: string, policy: TargetPolicy): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (policy.allowsLoopback && parsed.range() === "loopback") return true;
  if (parsed.range() !== "unicast") return false;
  // The rest of IPv6 is not handed out, or wraps an IPv4 address (`::127.0.0.1`): RFC 4291, 2.4 and 2.5.5.
  return parsed.kind() === "ipv4" || parsed.match(ipaddr.parseCIDR("2000::/3"));
}

// Names that no public DNS has (RFC 6761, RFC 6762), and names without a dot, which are somebody's own.
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|home\.arpa)$|^[^.]+$/i;

function isAllowedHost(host: string, policy: TargetPolicy): boolean {
  if (ipaddr.isValid(host)) return isAllowedAddress(host, policy);
  if (policy.allowsLoopback && host.toLowerCase() === "localhost") return true;
  return !PRIVATE_NAME.test(host);
}
