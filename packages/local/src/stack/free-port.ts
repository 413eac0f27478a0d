import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Returns the preferred port if it is free on loopback, otherwise any free one (`preferred` 0: any). The port is below the
 * range of outgoing connections: one of that range could be taken by a connection while its server restarts. Throws when
 * none is free.
 */
export async function findFreePort(preferred: number): Promise<number> {
  if (preferred !== 0 && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(LOWEST, LOWEST_OUTGOING);
    if (await isFree(port)) return port;
  }
  throw new Error("No free port was found.");
}

const LOWEST = 10_240;

/** Linux by default (ip-sysctl, `ip_local_port_range`); macOS and Windows begin at 49,152 (RFC 6335). */
const LOWEST_OUTGOING = 32_768;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
