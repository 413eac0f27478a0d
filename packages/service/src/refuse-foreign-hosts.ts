import { isIP } from "node:net";
import type { RequestHandler } from "express";

/**
 * Refuses requests that name another host than ours, with 403. A page of somebody else's whose name leads to this
 * machine would read what is answered, as of its own origin (DNS rebinding). Addresses pass, since no DNS has a say in
 * them: Kubernetes' probes and Prometheus use those of pods. So do `localhost`, and a request without a `Host`, which
 * no browser sends.
 */
export function refuseForeignHosts(allowed: readonly string[]): RequestHandler {
  return ({ hostname = "localhost" }, response, next) => {
    if (isOurs(hostname.toLowerCase(), allowed)) next();
    else response.status(403).type("text").send(REFUSAL);
  };
}

const REFUSAL = "This port does not answer to that name. OPS_ALLOWED_HOSTS says which names it has.\n";

function isOurs(host: string, allowed: readonly string[]): boolean {
  return (
    host === "localhost" ||
    isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0 ||
    allowed.some((name) => name === host || (name.startsWith(".") && host.endsWith(name)))
  );
}
