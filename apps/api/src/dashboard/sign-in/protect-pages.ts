import type { RequestHandler } from "express";
import helmet from "helmet";

/** Security headers: no caching, no framing, and content from this origin only. */
export const protectPages: readonly RequestHandler[] = [
  helmet({
    xFrameOptions: { action: "deny" },
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Bull Board's components write inline styles.
        styleSrc: ["'self'", "'unsafe-inline'"],
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
    // Names of Bull Board's scripts and styles contain a digest, so they may be cached.
    if (!path.startsWith("/static/")) response.set("Cache-Control", "no-store");
    next();
  },
];
