import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type Router } from "express";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";

const require = createRequire(import.meta.url);

const FILES = {
  "console.css": fileURLToPath(new URL("../assets/console.css", import.meta.url)),
  "console.js": fileURLToPath(new URL("../assets/console.js", import.meta.url)),
  "new.js": fileURLToPath(new URL("../assets/new.js", import.meta.url)),
  "idiomorph.js": require.resolve("idiomorph/dist/idiomorph.min.js"),
} as const;

type AssetName = keyof typeof FILES;

/** Stylesheet and scripts, read once. */
const ASSETS = new Map(
  Object.entries(FILES).map(([name, file]) => {
    const content = readFileSync(file);
    const digest = createHash("sha256").update(content).digest("base64url").slice(0, 12);
    return [name, { content, path: `/assets/${digest}-${name}` }] as const;
  }),
);

/** Returns the address of a stylesheet or script. It changes with the content, so browsers may keep what they have. */
export function assetUrl(name: AssetName): string {
  return `${CONSOLE_PATH}${ASSETS.get(name)?.path}`;
}

/** Serves stylesheet and scripts. They contain no data, so they need no sign-in. */
export function serveAssets(): Router {
  const router = express.Router();
  for (const [name, { content, path }] of ASSETS) {
    router.get(path, (_request, response) => {
      response.set("Cache-Control", "public, max-age=31536000, immutable").type(extname(name)).send(content);
    });
  }
  return router;
}
