import { randomBytes } from "node:crypto";
import type { Logger } from "@bulk/service/process/logger";
import type { Request, RequestHandler, Response } from "express";
import type { ApiConfig } from "../../config.ts";
import type { BoardOptions } from "../board.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { isLoopback } from "./is-loopback.ts";
import { openSessions } from "./sessions.ts";
import { findSignedIn, serveSignIn } from "./sign-in.ts";
import type { DashboardAccount, DashboardUser } from "./users.ts";

/** Access control of the dashboard. */
export type Entrance = {
  readonly handler: RequestHandler;
  /** Returns the user of a request, or `undefined` without a valid session. */
  readonly findUser: (request: Request, response: Response) => Promise<DashboardUser | undefined>;
  readonly links: BoardOptions["links"];
};

export type EntranceOptions = {
  readonly config: Pick<ApiConfig, "DATABASE_URL" | "OPS_HOST" | "DASHBOARD_USERS" | "DASHBOARD_SESSION_KEY">;
  readonly basePath: string;
  readonly endedSessions: EndedSessions;
  readonly logger: Logger;
};

/** With configured users, requires a login. Without, allows read-only access from this machine only. */
export function openEntrance(options: EntranceOptions): Entrance {
  const { config, logger } = options;
  if (config.DASHBOARD_USERS !== undefined) return askForPassword(options, config.DASHBOARD_USERS);
  const isOpen = isLoopback(config.OPS_HOST);
  if (!isOpen) logger.warn(OFF);
  return { handler: isOpen ? refuseOtherHosts : refuseAll, findUser: async () => ANYBODY, links: [] };
}

function askForPassword(
  { config, basePath, endedSessions, logger }: EntranceOptions,
  accounts: readonly DashboardAccount[],
): Entrance {
  const sessions = openSessions(config.DASHBOARD_SESSION_KEY ?? randomBytes(32), basePath, endedSessions);
  const options = { accounts, sessions, basePath, logger };
  return {
    handler: serveSignIn(options),
    findUser: (request, response) => findSignedIn(options, request, response),
    links: [{ text: "Sign out", url: `${basePath}/login` }],
  };
}

const ANYBODY: DashboardUser = { name: "anybody", role: "viewer" };

const OFF = "The dashboard is off because OPS_HOST is not loopback and DASHBOARD_USERS is not set.";

const refuseAll: RequestHandler = (_request, response) => {
  response.status(403).type("text").send(`${OFF}\n`);
};

// Prevents DNS rebinding: a host name of another site that resolves to this machine.
const refuseOtherHosts: RequestHandler = ({ hostname }, response, next) => {
  if (isLoopback(hostname)) next();
  else response.status(403).type("text").send(ONLY_HERE);
};

const ONLY_HERE = "Without DASHBOARD_USERS the dashboard is available on localhost only.\n";
