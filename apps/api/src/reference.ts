import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type Router } from "express";
import helmet from "helmet";
import { isNamed } from "./polling.ts";

/**
 * `GET /openapi.json`, `GET /docs` for people, and `GET /`, which points to both. None asks for a token: they tell
 * nothing of any account.
 */
export function serveReference(document: object): Router {
  const router = express.Router();
  // Bytes that all answers share: those that nobody takes cost nothing more.
  const bytes = Buffer.from(JSON.stringify(document));
  const etag = `"${createHash("sha256").update(bytes).digest("base64url")}"`;
  router.get("/openapi.json", ({ headers }, response) => {
    response.set({ ETag: etag, ...KEPT_A_WHILE });
    if (isNamed(etag, headers["if-none-match"] ?? "")) response.status(304).end();
    else response.type("json").send(bytes);
  });
  // A browser follows the redirect, `curl` shows the body.
  router.get("/", (_request, response) => {
    response.status(302).location("/docs").json({ docs: "/docs", openapi: "/openapi.json" });
  });
  router.use("/docs", allowOwnFilesOnly);
  for (const [path, file] of Object.entries(FILES)) {
    // Kept whole: a file that is sent from disk brings ranges and preconditions with it, and errors of its own.
    const content = readFileSync(file);
    router.get(`/docs${path}`, (_request, response) => {
      response.set(KEPT_A_WHILE).type(extname(file)).send(content);
    });
  }
  return router;
}

const KEPT_A_WHILE = { "Cache-Control": "public, max-age=300" } as const;

// Swagger UI needs no more than this; helmet's default would let in styles from anywhere, and its
// `upgrade-insecure-requests` would break the page where there is no TLS.
const allowOwnFilesOnly = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

const require = createRequire(import.meta.url);
const SWAGGER_UI = dirname(require.resolve("swagger-ui-dist/package.json"));

const FILES: Readonly<Record<string, string>> = {
  "": fileURLToPath(new URL("reference/page.html", import.meta.url)),
  "/page.css": fileURLToPath(new URL("reference/page.css", import.meta.url)),
  "/start.js": fileURLToPath(new URL("reference/start.js", import.meta.url)),
  "/swagger-ui.css": join(SWAGGER_UI, "swagger-ui.css"),
  "/swagger-ui-bundle.js": join(SWAGGER_UI, "swagger-ui-bundle.js"),
  "/favicon.png": join(SWAGGER_UI, "favicon-32x32.png"),
};
