import type { Request, Response } from "express";
import { userOf } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import type { Fragments, LiveSource } from "./live-views.ts";

/** Proxies close silent connections, common ones after 60 s. Then it is also checked whether the session still lasts. */
const HEARTBEAT_MS = 10_000;

/** A browser that has not read this much gets nothing more until it has. */
const MOST_UNREAD_BYTES = 256 * 1024;

/**
 * Sends a page what changes, as server-sent events, until the browser leaves or its session ends: `parts` (HTML by the id
 * of the element), `stale`, `gone`, and `signed_out`.
 */
export function streamPage<Content>(
  source: LiveSource<Content>,
  request: Request,
  response: Response,
  { live, findUser }: Pick<ConsoleContext, "live" | "findUser">,
): void {
  // The browser left while the page was read. "close" is not emitted again, so it would be served for ever.
  if (response.destroyed) return;
  const ended = new AbortController();
  response.once("close", () => ended.abort());
  const { name, role } = userOf(response);
  function send(event: string, content: object): boolean {
    if (response.writableLength > MOST_UNREAD_BYTES) return false;
    write(response, event, content);
    return true;
  }
  const viewer = {
    role,
    send: (fragments: Fragments) => send("parts", fragments),
    stale: () => void send("stale", {}),
    gone: () => end(response, "gone"),
  };
  if (!live.join(source, viewer, ended.signal)) {
    response.status(503).set("Retry-After", "10").json({ error: "Too many pages are open." });
    return;
  }
  response.status(200).set("X-Accel-Buffering", "no").type("text/event-stream");
  response.write("retry: 2000\n\n");
  async function check(): Promise<void> {
    const user = await findUser(request, response);
    if (user?.name !== name || user.role !== role) end(response, "signed_out");
    else response.write(":\n\n");
  }
  const heartbeat = setInterval(() => void check().catch(() => response.end()), HEARTBEAT_MS);
  ended.signal.addEventListener("abort", () => clearInterval(heartbeat));
}

function end(response: Response, event: string): void {
  write(response, event, {});
  response.end();
}

// JSON has no line breaks of its own.
function write(response: Response, event: string, content: object): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(content)}\n\n`);
}
