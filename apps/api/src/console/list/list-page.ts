import { RECORD_OUTCOMES } from "@bulk/domain/bulk-actions/outcome";
import {
  type AllBulkActions,
  type Cursor,
  listAllBulkActions,
} from "@bulk/store/bulk-actions/reading/all-bulk-actions";
import express, { type Router } from "express";
import { CONSOLE_PATH } from "../../sign-in/paths.ts";
import type { ConsoleContext } from "../context.ts";
import { writePlace } from "../render/place.ts";
import { renderPage } from "../render/render-page.ts";
import { inWords } from "../render/words.ts";
import { describeRows } from "./describe-row.ts";
import { type ListFields, readListQuery, STATUS_CHOICES } from "./list-query.ts";

/** Serves the list of bulk actions of all accounts. */
export function serveList({ database, api }: ConsoleContext): Router {
  const types = [...api.registry.keys()];
  const router = express.Router();
  router.get("/bulk-actions", async (request, response) => {
    const { fields, query, faults } = await readListQuery(request.query, database);
    if (faults.length > 0) response.status(422);
    const found = faults.length > 0 ? NOTHING : await listAllBulkActions(database, query);
    await renderPage(response, "bulk-actions", {
      ...{ fields, faults, types },
      statuses: STATUS_CHOICES,
      outcomes: [["", "any"], ...RECORD_OUTCOMES.map((outcome) => [outcome, inWords(outcome)])],
      rows: await describeRows(found.rows, { database, api }),
      lookedUntil: found.lookedUntil,
      older: found.next && addressOf(fields, { after: writeCursor(found.next) }),
      newer: found.previous && addressOf(fields, { before: writeCursor(found.previous) }),
      isFiltered: Object.values(fields).some((value) => value !== ""),
    });
  });
  return router;
}

const NOTHING: AllBulkActions = { rows: [], next: undefined, previous: undefined, lookedUntil: undefined };

function addressOf(fields: ListFields, place: Partial<ListFields>): string {
  const asked = Object.entries({ ...fields, after: "", before: "", ...place }).filter(
    ([, value]) => value !== "",
  );
  return `${CONSOLE_PATH}/bulk-actions?${new URLSearchParams(asked)}`;
}

function writeCursor({ createdAt: moment, id }: Cursor): string {
  return writePlace({ moment, id });
}
