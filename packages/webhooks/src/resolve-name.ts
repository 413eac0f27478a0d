import { promises as dns, type LookupAddress } from "node:dns";
import { readFile } from "node:fs/promises";

/** A name that nobody could tell the addresses of, or not in time. */
export class NameNotResolvedError extends Error {
  override readonly name = "NameNotResolvedError";
}

/** Returns all addresses of a name. Throws `NameNotResolvedError`. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

export type NameResolverOptions = {
  /** Name servers, as `resolv.conf` lists them; by default those of the system. */
  readonly servers?: readonly string[];
  /** For one name, all tries together. */
  readonly limitMs?: number;
  /** Names that need no server, one address a line; not there: none. */
  readonly hostsFile?: string;
  readonly now?: () => number;
};

/**
 * Shorter than the first pause of a delivery: its next attempt asks again, while others to the same name do not wait
 * for the same silence.
 */
const REMEMBERED_MS = 8_000;

const MOST_REMEMBERED = 1_000;

/**
 * Resolves names by the hosts file and by DNS over c-ares, in both families at once. Remembers for eight seconds
 * which names could not be resolved.
 *
 * Not by `dns.lookup`: that holds one of the process's four threads until the name server answers, so that one
 * account's silent server would stop the webhooks of all.
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

// `localhost` leads here also where no file says so: RFC 6761, 6.3.
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

// A resolver for each name: to cancel one must not end another.
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
