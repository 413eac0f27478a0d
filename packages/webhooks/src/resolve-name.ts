import { promises as dns, type LookupAddress } from "node:dns";
import { readFile } from "node:fs/promises";

/** The name could not be resolved in time. */
export class NameNotResolvedError extends Error {
  override readonly name = "NameNotResolvedError";
}

/** Returns all addresses of a name. Throws `NameNotResolvedError`. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

export type NameResolverOptions = {
  /** Name servers. Default: the system's. */
  readonly servers?: readonly string[];
  /** Time limit per name, including retries. Default: 5,000. */
  readonly limitMs?: number;
  /** Hosts file; a missing file counts as empty. Default: `/etc/hosts`. */
  readonly hostsFile?: string;
  readonly now?: () => number;
};

/**
 * Shorter than the first retry delay of a delivery, so the retry resolves again, while other deliveries to the same name
 * fail fast.
 */
const REMEMBERED_MS = 8_000;

const MOST_REMEMBERED = 1_000;

/**
 * Resolves names with the hosts file, then with DNS over c-ares, IPv4 and IPv6 in parallel. Caches failures for eight
 * seconds.
 *
 * It does not use `dns.lookup`, which blocks one of the four threads of the process until the name server responds: the
 * silent name server of one account would then stop the webhooks of all.
 */
export function createNameResolver(options: NameResolverOptions = {}): ResolveName {
  const { hostsFile = "/etc/hosts", now = () => performance.now() } = options;
  const failedAt = new Map<string, number>();
  return async (hostname) => {
    const known = await findInHosts(hostsFile, hostname);
    if (known.length > 0) return known;
    if (now() - (failedAt.get(hostname) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS) throw notResolved();
    const found = await askServers(hostname, options);
    if (found.length > 0) return found;
    if (failedAt.size >= MOST_REMEMBERED) failedAt.clear();
    failedAt.set(hostname, now());
    throw notResolved();
  };
}

function notResolved(): NameNotResolvedError {
  return new NameNotResolvedError("The name could not be resolved.");
}

// `localhost` resolves to loopback even without a hosts file: RFC 6761, 6.3.
async function findInHosts(file: string, hostname: string): Promise<readonly LookupAddress[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const found = text.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    return names.some((name) => name.toLowerCase() === hostname.toLowerCase()) ? [withFamily(address)] : [];
  });
  const isLocalhost = hostname.toLowerCase() === "localhost";
  return found.length === 0 && isLocalhost ? ["127.0.0.1", "::1"].map(withFamily) : found;
}

function withFamily(address: string): LookupAddress {
  return { address, family: address.includes(":") ? 6 : 4 };
}

// One resolver per name, because `cancel` ends all queries of a resolver.
async function askServers(
  hostname: string,
  { servers, limitMs = 5_000 }: NameResolverOptions,
): Promise<readonly LookupAddress[]> {
  const resolver = new dns.Resolver({ timeout: Math.ceil(limitMs / 3), tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const timer = setTimeout(() => resolver.cancel(), limitMs);
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  clearTimeout(timer);
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.map(withFamily) : []));
}
