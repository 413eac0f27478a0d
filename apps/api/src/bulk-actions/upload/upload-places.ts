import { RequestError } from "@bulk/domain/errors/request-error";
import { limitPlaces } from "@bulk/service/limits/limit-places";
import type { Caller } from "@bulk/store/accounts/api-tokens";
import { type Database, readPoolUsage } from "@bulk/store/database";
import { isDatabaseUnavailable } from "@bulk/store/sqlstate";
import { UPLOADS_AT_ONCE } from "../../config.ts";
import type { ApiContext } from "../../context.ts";

/** Limits the uploads of one process: each keeps a connection to the database for minutes. */
export type UploadPlaces = {
  /**
   * Runs an upload. Throws `limited` while another one of the account runs, and `unavailable` if no connection becomes free in
   * time.
   */
  run<Result>(caller: Pick<Caller, "accountId">, upload: () => Promise<Result>): Promise<Result>;
};

/** Returns the places of an API, which all of its uploads share. */
export function uploadPlaces({ uploads }: Pick<ApiContext, "uploads">): UploadPlaces {
  const known = places.get(uploads) ?? createUploadPlaces(uploads);
  places.set(uploads, known);
  return known;
}

const places = new WeakMap<Database, UploadPlaces>();

function createUploadPlaces(uploads: Database): UploadPlaces {
  const taken = limitPlaces(1);
  return {
    async run({ accountId }, upload) {
      if (!taken.enter(accountId)) throw underWay();
      try {
        return await upload();
      } catch (error) {
        const { busy, size } = readPoolUsage(uploads);
        throw busy === size && isDatabaseUnavailable(error) ? noPlace() : error;
      } finally {
        taken.leave(accountId);
      }
    },
  };
}

const RETRY_AFTER_SECONDS = 10;

function underWay(): RequestError {
  const message =
    "Another upload of this account is in progress here. Send this one again when it has ended.";
  return new RequestError("limited", "bulk_action.upload_under_way", message, [], RETRY_AFTER_SECONDS);
}

function noPlace(): RequestError {
  const message = `This server takes ${UPLOADS_AT_ONCE} uploads at a time. Send this one again when one has ended.`;
  return new RequestError("unavailable", "service.busy", message, [], RETRY_AFTER_SECONDS);
}
