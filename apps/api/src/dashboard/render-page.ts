import { fileURLToPath } from "node:url";
import ejs from "ejs";
import type { Response } from "express";

/** Sends a page from `pages/`. The templates escape `content`. */
export async function renderPage(
  response: Response,
  page: "sign-in" | "bulk-action",
  content: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = fileURLToPath(new URL(`pages/${page}.ejs`, import.meta.url));
  response.type("html").send(await ejs.renderFile(file, content, { cache: true }));
}
