import express, { type RequestHandler } from "express";

/** Reads a small form into `body`: one text per field. Fields that are given twice, and bodies of other types, are ignored. */
export const readForm: readonly RequestHandler[] = [
  express.urlencoded({ extended: false, limit: "16kb", parameterLimit: 20 }),
  (request, _response, next) => {
    const fields = Object.entries<unknown>(request.body ?? {});
    request.body = Object.fromEntries(fields.filter(([, value]) => typeof value === "string"));
    next();
  },
];
