import express, { type Router } from "express";
import { requireOperator } from "../../sign-in/require-user.ts";
import type { ConsoleContext } from "../context.ts";
import { EMPTY_FORM } from "./new-form.ts";
import { serveFiles } from "./serve-files.ts";
import { showForm, takeForm } from "./take-form.ts";

/** Serves the pages on which operators submit a bulk action for an account, by the rules of the API. */
export function serveNew(context: ConsoleContext): Router {
  const router = express.Router();
  // Also for the empty form: a viewer would fill it in for nothing.
  router.use("/new", requireOperator);
  router.get("/new", async ({ query }, response) => {
    const given = { account: textOf(query["account"]), actionType: textOf(query["action_type"]) };
    await showForm({ ...EMPTY_FORM, ...given }, undefined, response, context);
  });
  router.post("/new", (request, response) => takeForm(request, response, context));
  router.use("/new", serveFiles(context));
  return router;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
