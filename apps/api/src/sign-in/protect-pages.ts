import type { RequestHandler } from "express";
import helmet from "helmet";

/** The security headers of the console: no caching, no framing, and content from this origin only. */
export const protectConsole: readonly RequestHandler[] = protect(["'self'"], "/assets/");

/** The same for Bull Board, whose components write inline styles. */
export const protectBoard: readonly RequestHandler[] = protect(["'self'", "'unsafe-inline'"], "/static/");

// Names of scripts and styles contain a digest, so they may be cached.
function protect(styleSrc: readonly string[], cachedPath: string): readonly RequestHandler[] {
  return [
    helmet({
      xFrameOptions: { action: "deny" },
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: [...styleSrc],
          imgSrc: ["'self'", "data:"],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          baseUri: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
        },
      },
    }),
    ({ path }, response, next) => {
      if (!path.startsWith(cachedPath)) response.set("Cache-Control", "no-store");
      next();
    },
  ];
}
