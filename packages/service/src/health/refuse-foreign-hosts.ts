import { isIP } from "node:net";
import type { RequestHandler } from "express";

/**
 * Rejects requests whose `Host` is not ours, with 403. This prevents DNS rebinding: a foreign website whose name
 * resolves to this machine could read the responses as its own origin. IP addresses pass, because DNS cannot change
 * them; Kubernetes' probes and Prometheus use the addresses of pods. `localhost` passes, and so does a request without a
 * `Host`, which no browser sends.
 */
export function refuseForeignHosts(allowed: readonly string[]): RequestHandler {
  return ({ hostname = "localhost" }, response, next) => {
    if (isOurs(hostname.toLowerCase(), allowed)) next();
    else response.status(403).type("text").send(REFUSAL);
  };
}

const REFUSAL = "This host name is not allowed here. Add it to OPS_ALLOWED_HOSTS.\n";

function isOurs(host: string, allowed: readonly string[]): boolean {
  return (
    host === "localhost" ||
    isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0 ||
    allowed.some((name) => name === host || (name.startsWith(".") && host.endsWith(name)))
  );
}
