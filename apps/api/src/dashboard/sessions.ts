import { createHash, randomUUID } from "node:crypto";
import type { Request, Response } from "express";
import { getIronSession, type IronSession } from "iron-session";
import { type EndedSessions, SESSION_SECONDS } from "./ended-sessions.ts";
import type { DashboardAccount } from "./users.ts";

/** Who is signed in, kept in a sealed cookie. */
export type Sessions = {
  /** Who of these is signed in, with the password and the role of then; `undefined`: nobody, or not any more. */
  find(
    accounts: readonly DashboardAccount[],
    request: Request,
    response: Response,
  ): Promise<DashboardAccount | undefined>;
  begin(request: Request, response: Response, account: DashboardAccount): Promise<void>;
  /** Ends it, in copies of the cookie too. */
  end(request: Request, response: Response): Promise<void>;
};

/** Sessions that processes with the same key share. The seal, not the browser, decides when one has ended. */
export function openSessions(key: Uint8Array, path: string, ended: EndedSessions): Sessions {
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
    async find(accounts, request, response) {
      const { id, name, mark } = await open(request, response);
      if (id === undefined || ended.has(id)) return undefined;
      return accounts.find((account) => account.name === name && markOf(account) === mark);
    },
    async begin(request, response, account) {
      const session = await open(request, response);
      Object.assign(session, { id: randomUUID(), name: account.name, mark: markOf(account) });
      await session.save();
    },
    async end(request, response) {
      const session = await open(request, response);
      if (session.id !== undefined) ended.end(session.id);
      session.destroy();
    },
  };
}

// Nothing is in there before a sign-in.
type Content = { id?: string; name?: string; mark?: string };

// Another one after a change of password or role, which so ends the session.
function markOf({ role, digest }: DashboardAccount): string {
  return createHash("sha256").update(`${role}:${digest}`).digest("base64url");
}

// A browser gives a `Secure` cookie back over TLS only, and TLS ends in front of this process, if anywhere. Who
// lies about it harms nobody but themselves.
function isOverTls({ headers }: Request): boolean {
  return headers["x-forwarded-proto"] === "https";
}
