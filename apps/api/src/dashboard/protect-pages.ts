import type { RequestHandler } from "express";
import helmet from "helmet";

/** Keeps pages out of caches and other sites' frames, and lets them run scripts and fetch from here only. */
export const protectPages: readonly RequestHandler[] = [
  helmet({
    xFrameOptions: { action: "deny" },
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Bull Board's parts write styles of their own.
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
    // Bull Board's scripts and styles bear their digest in their names.
    if (!path.startsWith("/static/")) response.set("Cache-Control", "no-store");
    next();
  },
];
