import type { LookupFunction } from "node:net";
import type { ResolveName } from "./resolve-name.ts";
import { isAllowedAddress, type TargetPolicy } from "./target.ts";

/** Somebody's URL leads where webhooks must not go. */
export class TargetRefusedError extends Error {
  override readonly name = "TargetRefusedError";
}

/**
 * A `lookup` for a connection that refuses names of which any address is not allowed. Its answer is the one
 * that is connected to: whoever changes their DNS between a check and the connection gains nothing.
 *
 * Node asks it for names only: a host that is an IP address must be checked beforehand.
 */
export function guardLookup(policy: TargetPolicy, resolve: ResolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined || !addresses.every(({ address }) => isAllowedAddress(address, policy))) {
          callback(new TargetRefusedError("The name leads to an address that webhooks may not go to."), []);
        } else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, []),
    );
  };
}
