import type { Database } from "@bulk/store/database";
import { listPauses } from "@bulk/store/operations/pauses";
import express, { type Router } from "express";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import { userOf } from "../../sign-in/require-user.ts";
import type { DashboardUser } from "../../sign-in/users.ts";
import type { ConsoleContext } from "../context.ts";
import type { Fragments, LiveSource } from "../live/live-views.ts";
import { streamPage } from "../live/stream-page.ts";
import { describePause } from "../render/describe-pause.ts";
import { renderPage, renderPart } from "../render/render-page.ts";
import type { Doctor } from "./doctor.ts";
import { listVariables } from "./list-variables.ts";
import { openRecordTypes } from "./read-record-types.ts";

/** Serves what operators may want to know of the installation: record types, configuration, and the doctor's findings. */
export function serveSettings(context: ConsoleContext): Router {
  const readTypes = openRecordTypes(context);
  const { config, database, doctor } = context;
  const source = doctorSource(doctor);
  const router = express.Router();
  router.get("/settings", async (_request, response) => {
    const holds = await listHolds(database);
    await renderPage(response, "settings/record-types", { ...(await readTypes()), holds });
  });
  router.get("/settings/configuration", async (_request, response) => {
    const users = (config.DASHBOARD_USERS ?? []).map(({ name, role }) => ({ name, role }));
    await renderPage(response, "settings/configuration", { variables: listVariables(config), users });
  });
  router.get("/settings/doctor", async (_request, response) => {
    doctor.beginIfOld();
    const parts = await source.render(doctor.view(), userOf(response).role);
    await renderPage(response, "settings/doctor", { parts });
  });
  router.get("/settings/doctor/live", (request, response) => streamPage(source, request, response, context));
  router.post("/settings/doctor", (_request, response) => {
    doctor.begin();
    response.redirect(303, `${CONSOLE_PATH}/settings/doctor`);
  });
  return router;
}

async function listHolds(database: Database): Promise<readonly string[]> {
  const pauses = await listPauses(database);
  return pauses.filter(({ scope }) => scope.kind === "declaration").map(describePause);
}

function doctorSource(doctor: Doctor): LiveSource<ReturnType<Doctor["view"]>> {
  return { key: "doctor", load: async () => doctor.view(), render: renderFindings };
}

async function renderFindings(
  view: ReturnType<Doctor["view"]>,
  role: DashboardUser["role"],
): Promise<Fragments> {
  return { findings: await renderPart("settings/findings", { ...view, role }) };
}
