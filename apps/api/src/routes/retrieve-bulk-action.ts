import { isOpen } from "@bulk/domain/bulk-action";
import type { BulkActionKey, BulkActionProgress } from "@bulk/store/bulk-action-progress";
import {
  type BulkActionVersion,
  type BulkActionWithRecords,
  findBulkAction,
  findBulkActionVersion,
} from "@bulk/store/bulk-actions";
import { z } from "zod";
import { bulkActionNotFound, readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { isNamed, pollingHeaders } from "../polling.ts";
import { presentBulkAction } from "../present.ts";
import { readWaitSeconds, waitApplied, waitHeader, waitUntil } from "../waiting.ts";
import { bulkActionObject } from "../wire.ts";

/** `GET /v1/bulk_actions/{id}` */
export function retrieveBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "retrieveBulkAction",
      summary: "Retrieve a bulk action",
      description:
        "Another account's bulk action does not exist for the caller. Send the `ETag` of the last answer as " +
        "`If-None-Match`: 304 while nothing has changed. `Retry-After` is there as long as it is open. To be " +
        "answered as soon as it has ended, send `Prefer: wait=N`; together with `If-None-Match` as soon as " +
        "anything has changed.",
      headers: z.object({ Prefer: waitHeader, "If-None-Match": z.string().optional() }),
      answer: bulkActionObject,
      refusals: ["not_found"],
    },
    async answer(request) {
      const key = { accountId: request.caller.accountId, id: readBulkActionId(request.params) };
      const waitSeconds = readWaitSeconds(request.headers);
      return waitSeconds === undefined
        ? await retrieve(request, key.id, readAtOnce(key, context))
        : await retrieveLater(request, key, waitSeconds, context);
    },
  };
}

type Reading = {
  findVersion(): Promise<BulkActionVersion | undefined>;
  find(): Promise<BulkActionWithRecords | undefined>;
};

function readAtOnce({ accountId, id }: BulkActionKey, { database }: ApiContext): Reading {
  return {
    findVersion: () => findBulkActionVersion(database, accountId, id),
    find: () => findBulkAction(database, accountId, id),
  };
}

async function retrieve({ headers }: ApiRequest, id: string, reading: Reading): Promise<ApiAnswer> {
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    const version = await reading.findVersion();
    if (version === undefined) throw bulkActionNotFound();
    const polling = pollingHeaders(version);
    if (isNamed(polling.ETag, ifNoneMatch))
      return { kind: "not_modified", headers: polling, bulkActionId: id };
  }
  const bulkAction = await reading.find();
  if (bulkAction === undefined) throw bulkActionNotFound();
  const polling = pollingHeaders({ ...bulkAction, skippedCount: bulkAction.skippedIds.length });
  return { kind: "json", body: presentBulkAction(bulkAction), headers: polling, bulkActionId: id };
}

async function retrieveLater(
  request: ApiRequest,
  key: BulkActionKey,
  seconds: number,
  { watcher }: ApiContext,
): Promise<ApiAnswer> {
  const watch = await watcher.watch(key, request.ended);
  if (watch === undefined) throw bulkActionNotFound();
  const isEnough = notYetKnown(request.headers["if-none-match"]);
  const progress = await waitUntil(isEnough, watch, seconds, request.ended);
  // Nobody is left to read an answer.
  if (request.ended.aborted) return { kind: "not_modified" };
  const findVersion = async () => versionOf(progress);
  const answer = await retrieve(request, key.id, { findVersion, find: watch.load });
  return { ...answer, headers: { ...answer.headers, ...waitApplied(seconds) } };
}

/** What ends a wait: the end of the bulk action or, for a caller with a copy, anything not in it. */
function notYetKnown(ifNoneMatch: string | undefined): (progress: BulkActionProgress) => boolean {
  return (progress) =>
    !isOpen(progress.status) ||
    (ifNoneMatch !== undefined && !isNamed(pollingHeaders(versionOf(progress)).ETag, ifNoneMatch));
}

function versionOf(progress: BulkActionProgress): BulkActionVersion {
  return { ...progress, skippedCount: progress.skipped };
}
