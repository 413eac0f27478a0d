import { countInWindow } from "@bulk/service/limits/count-in-window";
import ipaddr from "ipaddr.js";

/** Up to 20 wrong tokens a minute from one address are mistakes; more are guesses. */
const LIMIT = { most: 20, seconds: 60 };

/** Counts wrong tokens by the address they come from. */
export type WrongTokens = {
  /** Whether too many came from this address. */
  isGuessing(address: string | undefined): boolean;
  /** Counts one more. If it exceeds the limit, returns in how many seconds the count starts again. */
  count(address: string | undefined): number | undefined;
};

/** Counts for this process alone. */
export function countWrongTokens(): WrongTokens {
  const counter = countInWindow(LIMIT);
  return {
    isGuessing: (address) => counter.isFull(networkOf(address)),
    count(address) {
      const { isExceeded, resetMs } = counter.count(networkOf(address));
      return isExceeded ? Math.max(1, Math.ceil(resetMs / 1_000)) : undefined;
    },
  };
}

/** Returns an IPv4 address, or the /64 network of an IPv6 address: a single host gets one of those. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
