import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { isAllowedAddress, type TargetPolicy } from "./target.ts";

/** Somebody's URL leads where webhooks must not go. */
export class TargetRefusedError extends Error {
  override readonly name = "TargetRefusedError";
}

/** Turns a name into all its addresses; `dns.lookup`'s form. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A `lookup` for a connection that refuses names of which any address is not allowed. Its answer is the one
 * that is connected to: whoever changes their DNS between a check and the connection gains nothing.
 *
 * Node asks it for names only: a host that is an IP address must be checked beforehand.
 */
export function guardLookup(policy: TargetPolicy, resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) callback(error, []);
      else if (first === undefined || !addresses.every(({ address }) => isAllowedAddress(address, policy))) {
        callback(new TargetRefusedError("The name leads to an address that webhooks may not go to."), []);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
