import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type Router } from "express";
import helmet from "helmet";
import { isNamed } from "./polling.ts";

/** `GET /openapi.json` and, for people, `GET /docs`. Neither asks for a token: they tell nothing of any account. */
export function serveReference(document: object): Router {
  const router = express.Router();
  const text = JSON.stringify(document);
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  router.get("/openapi.json", ({ headers }, response) => {
    response.set({ ETag: etag, "Cache-Control": "public, max-age=300" });
    if (isNamed(etag, headers["if-none-match"] ?? "")) response.status(304).end();
    else response.type("json").send(text);
  });
  router.use("/docs", allowOwnFilesOnly);
  for (const [path, [root, file]] of Object.entries(FILES)) {
    router.get(`/docs${path}`, (_request, response) => {
      response.sendFile(file, { root, maxAge: "5m" });
    });
  }
  return router;
}

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

const PAGE = fileURLToPath(new URL("reference", import.meta.url));
const require = createRequire(import.meta.url);
const SWAGGER_UI = dirname(require.resolve("swagger-ui-dist/package.json"));

const FILES: Readonly<Record<string, readonly [root: string, file: string]>> = {
  "": [PAGE, "page.html"],
  "/start.js": [PAGE, "start.js"],
  "/swagger-ui.css": [SWAGGER_UI, "swagger-ui.css"],
  "/swagger-ui-bundle.js": [SWAGGER_UI, "swagger-ui-bundle.js"],
  "/favicon.png": [SWAGGER_UI, "favicon-32x32.png"],
};
