import type { Request, Response } from "express";
import { getIronSession, type IronSession } from "iron-session";

/** Who is signed in, kept in a sealed cookie. */
export type Sessions = {
  /** The name of who is signed in; `undefined`: nobody, or not any more. */
  findName(request: Request, response: Response): Promise<string | undefined>;
  begin(request: Request, response: Response, name: string): Promise<void>;
  end(request: Request, response: Response): Promise<void>;
};

/** How long a session lasts, from the sign-in on, whatever happens in it: about a working day. */
const SESSION_SECONDS = 10 * 3_600;

/** Sessions that processes with the same key share. The seal, not the browser, decides when one has ended. */
export function openSessions(key: Uint8Array, path: string): Sessions {
  const password = Buffer.from(key).toString("base64url");
  function open(request: Request, response: Response): Promise<IronSession<Content>> {
    return getIronSession<Content>(request, response, {
      password,
      cookieName: "bulk_actions_dashboard",
      ttl: SESSION_SECONDS,
      cookieOptions: { path, httpOnly: true, sameSite: "strict", secure: isOverTls(request) },
    });
  }
  return {
    async findName(request, response) {
      return (await open(request, response)).name;
    },
    async begin(request, response, name) {
      const session = await open(request, response);
      session.name = name;
      await session.save();
    },
    async end(request, response) {
      (await open(request, response)).destroy();
    },
  };
}

type Content = { name: string };

// A browser gives a `Secure` cookie back over TLS only, and TLS ends in front of this process, if anywhere. Who
// lies about it harms nobody but themselves.
function isOverTls({ headers }: Request): boolean {
  return headers["x-forwarded-proto"] === "https";
}
