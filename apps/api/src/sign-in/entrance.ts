import { randomBytes } from "node:crypto";
import type { Logger } from "@bulk/service/process/logger";
import type { Request, RequestHandler, Response } from "express";
import type { ApiConfig } from "../config.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { isLoopback } from "./is-loopback.ts";
import { openSessions } from "./sessions.ts";
import { serveSignIn } from "./sign-in.ts";
import type { DashboardAccount, DashboardUser } from "./users.ts";

/** Access control of the operators' pages: the console and Bull Board. */
export type Entrance = {
  /** Serves `/login` and `/logout` below where it is mounted, or refuses. */
  readonly handler: RequestHandler;
  /** Returns the user of a request, or `undefined` without a valid session. */
  readonly findUser: (request: Request, response: Response) => Promise<DashboardUser | undefined>;
  /** Whether there are users, who can sign in and out. */
  readonly hasUsers: boolean;
};

export type EntranceOptions = {
  readonly config: Pick<ApiConfig, "OPS_HOST" | "DASHBOARD_USERS" | "DASHBOARD_SESSION_KEY">;
  readonly endedSessions: EndedSessions;
  readonly logger: Logger;
};

/** With configured users, requires a login. Without, allows read-only access from this machine only. */
export function openEntrance(options: EntranceOptions): Entrance {
  const { config, logger } = options;
  if (config.DASHBOARD_USERS !== undefined) return askForPassword(options, config.DASHBOARD_USERS);
  const isOpen = isLoopback(config.OPS_HOST);
  if (!isOpen) logger.warn(OFF);
  return { handler: isOpen ? refuseOtherHosts : refuseAll, findUser: async () => ANYBODY, hasUsers: false };
}

function askForPassword(
  { config, endedSessions, logger }: EntranceOptions,
  accounts: readonly DashboardAccount[],
): Entrance {
  const sessions = openSessions(config.DASHBOARD_SESSION_KEY ?? randomBytes(32), endedSessions);
  return {
    handler: serveSignIn({ accounts, sessions, logger }),
    findUser: (request, response) => sessions.find(accounts, request, response),
    hasUsers: true,
  };
}

const ANYBODY: DashboardUser = { name: "anybody", role: "viewer" };

const OFF =
  "The console and the dashboard are off because OPS_HOST is not loopback and DASHBOARD_USERS is not set.";

const refuseAll: RequestHandler = (_request, response) => {
  response.status(403).type("text").send(`${OFF}\n`);
};

// Prevents DNS rebinding: a host name of another site that resolves to this machine.
const refuseOtherHosts: RequestHandler = ({ hostname }, response, next) => {
  if (isLoopback(hostname)) next();
  else response.status(403).type("text").send(ONLY_HERE);
};

const ONLY_HERE = "Without DASHBOARD_USERS the console and the dashboard are available on localhost only.\n";
