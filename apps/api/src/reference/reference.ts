import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type Router } from "express";
import helmet from "helmet";
import { isNamed } from "../bulk-actions/waiting/polling.ts";

/**
 * Serves `GET /openapi.json`, `GET /docs` (the reference as a page), and `GET /`, which links both. They require no
 * token because they contain no account's data.
 */
export function serveReference(document: object): Router {
  const router = express.Router();
  // All responses share these bytes, so unread responses take no memory.
  const bytes = Buffer.from(JSON.stringify(document));
  const etag = `"${createHash("sha256").update(bytes).digest("base64url")}"`;
  router.get("/openapi.json", ({ headers }, response) => {
    response.set({ ETag: etag, ...CACHED_BRIEFLY });
    if (isNamed(etag, headers["if-none-match"] ?? "")) response.status(304).end();
    else response.type("json").send(bytes);
  });
  // Browsers follow the redirect; `curl` prints the body.
  router.get("/", (_request, response) => {
    response.status(302).location("/docs").json({ docs: "/docs", openapi: "/openapi.json" });
  });
  router.use("/docs", allowOwnFilesOnly);
  for (const [path, file] of Object.entries(FILES)) {
    // In memory: `sendFile` would add ranges, preconditions and its own errors.
    const content = readFileSync(file);
    router.get(`/docs${path}`, (_request, response) => {
      response.set(CACHED_BRIEFLY).type(extname(file)).send(content);
    });
  }
  return router;
}

const CACHED_BRIEFLY = { "Cache-Control": "public, max-age=300" } as const;

// Swagger UI needs only this. Helmet's default would allow styles from any host, and its `upgrade-insecure-requests`
// would break the page without TLS.
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
  "": fileURLToPath(new URL("page.html", import.meta.url)),
  "/page.css": fileURLToPath(new URL("page.css", import.meta.url)),
  "/start.js": fileURLToPath(new URL("start.js", import.meta.url)),
  "/swagger-ui.css": join(SWAGGER_UI, "swagger-ui.css"),
  "/swagger-ui-bundle.js": join(SWAGGER_UI, "swagger-ui-bundle.js"),
  "/favicon.png": join(SWAGGER_UI, "favicon-32x32.png"),
};
