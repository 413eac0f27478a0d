import { createHash, randomUUID } from "node:crypto";
import type { Request, Response } from "express";
import { getIronSession, type IronSession } from "iron-session";
import { type EndedSessions, SESSION_SECONDS } from "./ended-sessions.ts";
import type { DashboardAccount } from "./users.ts";

/** Sessions in encrypted cookies. */
export type Sessions = {
  /** Returns the signed-in account, or `undefined` if the session has ended or the password or role has changed. */
  find(
    accounts: readonly DashboardAccount[],
    request: Request,
    response: Response,
  ): Promise<DashboardAccount | undefined>;
  begin(request: Request, response: Response, account: DashboardAccount): Promise<void>;
  /** Ends the session, including copies of its cookie. */
  end(request: Request, response: Response): Promise<void>;
};

/** Opens the sessions. Processes with the same key share them. The cookie contains its expiry. */
export function openSessions(key: Uint8Array, ended: EndedSessions): Sessions {
  const password = Buffer.from(key).toString("base64url");
  function open(request: Request, response: Response): Promise<IronSession<Content>> {
    return getIronSession<Content>(request, response, {
      password,
      cookieName: "bulk_actions_console",
      ttl: SESSION_SECONDS,
      cookieOptions: { path: "/", httpOnly: true, sameSite: "strict", secure: isOverTls(request) },
    });
  }
  return {
    async find(accounts, request, response) {
      const { id, name, mark } = await open(request, response);
      if (id === undefined || ended.has(id)) return undefined;
      return accounts.find((account) => account.name === name && fingerprintOf(account) === mark);
    },
    async begin(request, response, account) {
      const session = await open(request, response);
      Object.assign(session, { id: randomUUID(), name: account.name, mark: fingerprintOf(account) });
      await session.save();
    },
    async end(request, response) {
      const session = await open(request, response);
      if (session.id !== undefined) ended.end(session.id);
      session.destroy();
    },
  };
}

// Empty before the sign-in.
type Content = { id?: string; name?: string; mark?: string };

// Changes with the password and the role, which ends the session.
function fingerprintOf({ role, digest }: DashboardAccount): string {
  return createHash("sha256").update(`${role}:${digest}`).digest("base64url");
}

// A proxy terminates TLS, and browsers return `Secure` cookies over TLS only. A client that forges this header affects
// only its own session.
function isOverTls({ headers }: Request): boolean {
  return headers["x-forwarded-proto"] === "https";
}
