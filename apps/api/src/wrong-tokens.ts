import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";

/** So many wrong tokens from one address in so many milliseconds are mistakes; more are guesses. */
const MOST = 20;
const WINDOW_MS = 60_000;

/** Counts wrong tokens by the address they come from. */
export type WrongTokens = {
  /** Whether too many came from this address. */
  isGuessing(address: string | undefined): boolean;
  /** Counts one more. Answers in how many seconds the count begins anew, if that is one too many. */
  count(address: string | undefined): number | undefined;
};

/** Each process counts for itself, and remembers the 10,000 addresses that were wrong last. */
export function countWrongTokens(): WrongTokens {
  const counts = new LRUCache<string, number>({ max: 10_000, ttl: WINDOW_MS, noUpdateTTL: true });
  return {
    isGuessing: (address) => (counts.get(networkOf(address)) ?? 0) >= MOST,
    count(address) {
      const network = networkOf(address);
      const count = (counts.get(network) ?? 0) + 1;
      counts.set(network, count);
      return count > MOST ? Math.max(1, Math.ceil(counts.getRemainingTTL(network) / 1_000)) : undefined;
    },
  };
}

/** An IPv4 address, or the /64 of an IPv6 one, which is what a single host gets. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
