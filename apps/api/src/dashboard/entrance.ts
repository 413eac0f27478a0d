import { randomBytes } from "node:crypto";
import type { Logger } from "@bulk/service/logger";
import type { Request, RequestHandler, Response } from "express";
import type { ApiConfig } from "../config.ts";
import type { BoardOptions } from "./board.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { isLoopback } from "./is-loopback.ts";
import { openSessions } from "./sessions.ts";
import { findSignedIn, serveSignIn } from "./sign-in.ts";
import type { DashboardAccount, DashboardUser } from "./users.ts";

/** Who may come in, and what everybody meets before. */
export type Entrance = {
  readonly handler: RequestHandler;
  /** `undefined`: a stranger. */
  readonly findUser: (request: Request, response: Response) => Promise<DashboardUser | undefined>;
  readonly links: BoardOptions["links"];
};

export type EntranceOptions = {
  readonly config: Pick<ApiConfig, "DATABASE_URL" | "OPS_HOST" | "DASHBOARD_USERS" | "DASHBOARD_SESSION_KEY">;
  readonly basePath: string;
  readonly endedSessions: EndedSessions;
  readonly logger: Logger;
};

/** A login where there are users; without any, whoever is on this machine may look, and nobody else. */
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
  const options = { accounts, sessions, basePath, databaseUrl: config.DATABASE_URL, logger };
  return {
    handler: serveSignIn(options),
    findUser: (request, response) => findSignedIn(options, request, response),
    links: [{ text: "Sign out", url: `${basePath}/login` }],
  };
}

const ANYBODY: DashboardUser = { name: "anybody", role: "viewer" };

const OFF = "The dashboard is off: OPS_HOST is not loopback, and there are no DASHBOARD_USERS.";

const refuseAll: RequestHandler = (_request, response) => {
  response.status(403).type("text").send(`${OFF}\n`);
};

// A name of somebody else's that leads to this machine would let their page read what it shows (DNS rebinding).
const refuseOtherHosts: RequestHandler = ({ hostname }, response, next) => {
  if (isLoopback(hostname)) next();
  else response.status(403).type("text").send(ONLY_HERE);
};

const ONLY_HERE = "Without DASHBOARD_USERS the dashboard answers to localhost only.\n";
