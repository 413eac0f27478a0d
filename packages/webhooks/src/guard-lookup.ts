import type { LookupFunction } from "node:net";
import type { ResolveName } from "./resolve-name.ts";
import { isAllowedAddress, type TargetPolicy } from "./target.ts";

/** The URL of an endpoint leads to an address that the policy forbids. */
export class TargetRefusedError extends Error {
  override readonly name = "TargetRefusedError";
}

/**
 * Returns a `lookup` that rejects a name if any of its addresses is not allowed. The connection uses the addresses that
 * were checked, so a change of DNS between check and connection has no effect.
 *
 * Node calls it for names only: check a host that is an IP address beforehand.
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
