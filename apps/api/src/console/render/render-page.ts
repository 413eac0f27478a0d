import { fileURLToPath } from "node:url";
import ejs from "ejs";
import type { Response } from "express";
import { CONSOLE_PATH, DASHBOARD_PATH } from "../../sign-in/paths.ts";
import type { DashboardUser } from "../../sign-in/users.ts";
import { assetUrl } from "./assets.ts";
import { drawChart } from "./chart.ts";
import { duration, inGroups, inWords, percentOf, time } from "./words.ts";

export type Content = Readonly<Record<string, unknown>>;

/**
 * Sends a page from `pages/`. The templates escape every value of `content`; `time` and `drawChart` are the functions
 * that return HTML.
 */
export async function renderPage(response: Response, page: string, content: Content): Promise<void> {
  const user: DashboardUser | undefined = response.locals["user"];
  const hasUsers: unknown = response.locals["hasUsers"];
  response.type("html").send(await renderPart(page, { user, hasUsers, ...content }));
}

/** Renders a template, as a page or as a part of one. */
export async function renderPart(name: string, content: Content): Promise<string> {
  const file = fileURLToPath(new URL(`../pages/${name}.ejs`, import.meta.url));
  return await ejs.renderFile(file, { ...COMMON, ...content }, { cache: true });
}

/** Renders parts of a live page, each from `pages/<folder>/<part>.ejs`. Returns their HTML by the name of the part. */
export async function renderParts(
  folder: string,
  parts: readonly string[],
  content: Content,
): Promise<Readonly<Record<string, string>>> {
  const rendered = parts.map(async (part) => [part, await renderPart(`${folder}/${part}`, content)]);
  return Object.fromEntries(await Promise.all(rendered));
}

const COMMON = {
  ...{ consolePath: CONSOLE_PATH, dashboardPath: DASHBOARD_PATH, assetUrl },
  ...{ time, duration, inGroups, inWords, percentOf, drawChart },
};
