import ipaddr from "ipaddr.js";

/** Which addresses webhooks may go to, besides public ones. */
export type TargetPolicy = {
  /** For development: also allows loopback addresses and plain HTTP. */
  readonly allowsLoopback: boolean;
  /** Public addresses that are forbidden nevertheless: those of this machine. */
  readonly refused?: readonly string[];
};

/**
 * Returns why a URL cannot be a webhook target, as text that continues "url …", or `undefined` if the URL itself is
 * acceptable. `guardLookup` checks the addresses of its name on connecting.
 */
export function findTargetFault(text: string, policy: TargetPolicy): string | undefined {
  if (!URL.canParse(text)) return "must be an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(policy.allowsLoopback && url.protocol === "http:")) {
    return "must start with https://";
  }
  if (url.username !== "" || url.password !== "") return "must not carry credentials";
  // Other ports below 1024 belong to well-known services that must not receive our requests.
  if (url.port !== "" && Number(url.port) < 1_024) return "must use the default port or one from 1024 on";
  return isAllowedHost(hostOf(url), policy) ? undefined : "must lead to a public address";
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** Returns whether an IP address is allowed. Anything that is not an IP address is not. */
export function isAllowedAddress(address: string, policy: TargetPolicy): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (policy.allowsLoopback && parsed.range() === "loopback") return true;
  if (parsed.range() !== "unicast") return false;
  if (policy.refused?.some((own) => parsed.toString() === ipaddr.parse(own).toString())) return false;
  return parsed instanceof ipaddr.IPv4 ? !isProvidersOwn(parsed) : isPublicIpv6(parsed);
}

/**
 * Public addresses that a cloud provider serves to its customers' machines only: metadata, credentials, name servers,
 * internal services. All other known ones (169.254.169.254, 100.100.100.200, 192.0.0.192, fd00:ec2::254,
 * fd20:ce::254) are in ranges that are not public.
 */
const PROVIDERS_OWN = [
  // Azure: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  "168.63.129.16/32",
  // IBM Cloud: https://cloud.ibm.com/docs/vpc?topic=vpc-service-endpoints-for-vpc
  "161.26.0.0/16",
  "166.8.0.0/14",
].map((range) => ipaddr.IPv4.parseCIDR(range));

function isProvidersOwn(address: ipaddr.IPv4): boolean {
  return PROVIDERS_OWN.some((range) => address.match(range));
}

const ALLOCATED = ipaddr.IPv6.parseCIDR("2000::/3");

// Unallocated addresses may contain an IPv4 address (`::127.0.0.1`, RFC 4291, 2.5.5). ISATAP puts one into the last 64
// bits under any prefix (RFC 5214, 6.1).
function isPublicIpv6(address: ipaddr.IPv6): boolean {
  const [fifth = 0, sixth = 0] = address.parts.slice(4);
  const isIsatap = (fifth === 0 || fifth === 0x02_00) && sixth === 0x5e_fe;
  return address.match(ALLOCATED) && !isIsatap;
}

// Names that are not in the public DNS (RFC 6761, RFC 6762), and names without a dot, which are local.
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|home\.arpa)$|^[^.]+$/i;

function isAllowedHost(host: string, policy: TargetPolicy): boolean {
  if (ipaddr.isValid(host)) return isAllowedAddress(host, policy);
  if (policy.allowsLoopback && host.toLowerCase() === "localhost") return true;
  return !PRIVATE_NAME.test(host);
}
