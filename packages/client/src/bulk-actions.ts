import { CREATE_OPTIONS, expectOptions } from "./expect-options.ts";
import type {
  CancelBulkActionData,
  CreateBulkActionData,
  ListBulkActionsData,
  NewBulkAction as NewBulkActionBody,
  PreviewBulkActionData,
  PreviewRestoreData,
  PurgeBulkActionData,
  RestoreBulkActionData,
  RetryBulkActionData,
} from "./generated/types.gen.ts";
import { createIdempotencyKey } from "./idempotency-key.ts";
import { retrieve, VIEW } from "./retrieve.ts";
import { call } from "./transport/call.ts";
import type { Connection } from "./transport/connection.ts";
import type {
  BulkAction,
  BulkActionPreview,
  BulkActionsQuery,
  CreateOptions,
  NewBulkAction,
  NewUpload,
  Page,
  RecordOutcome,
  RecordsQuery,
  RequestOptions,
  WaitOptions,
} from "./types.ts";
import { upload } from "./upload.ts";
import { waitForEnd } from "./waiting/wait-for-end.ts";
import { walkRecords } from "./walk-records.ts";

/** The bulk actions of an account. Every method throws `BulkActionsError` if the API refuses. */
export type BulkActions = {
  /** Submits a bulk action. It is durable when this returns, and runs in the background. */
  create(action: NewBulkAction, options?: CreateOptions): Promise<BulkAction>;
  /** Submits the records of a file or stream of ids, of any length. All of it is submitted, or nothing. */
  upload(upload: NewUpload, options?: CreateOptions): Promise<BulkAction>;
  /** Returns what a bulk action would do now. Changes nothing. */
  preview(action: NewBulkAction, options?: RequestOptions): Promise<BulkActionPreview>;
  retrieve(id: string, options?: RequestOptions): Promise<BulkAction>;
  /** Returns a page, newest first. */
  list(query?: BulkActionsQuery, options?: RequestOptions): Promise<Page<BulkAction>>;
  /**
   * Waits for the end and returns the bulk action as it ended. Reconnects after a failure, and polls where no stream of events
   * can be had. Throws `WaitTimeoutError` when the time is up; the bulk action goes on.
   */
  wait(id: string, options?: WaitOptions): Promise<BulkAction>;
  /** Reads the outcome of each record, in the order submitted, each once. Reconnects where the connection broke. */
  records(id: string, query?: RecordsQuery, options?: RequestOptions): AsyncIterable<RecordOutcome>;
  /** Starts no further record. What is done stays done. */
  cancel(id: string, options?: RequestOptions): Promise<BulkAction>;
  /** Creates a bulk action over the records that failed or were not attempted. */
  retry(id: string, options?: CreateOptions): Promise<BulkAction>;
  /** Creates a bulk action that brings back what this one has changed: all of it, or these records. */
  restore(id: string, options?: RestoreOptions): Promise<BulkAction>;
  /** Returns what a restore would do now. Changes nothing. */
  previewRestore(id: string, options?: RestoreOptions): Promise<BulkActionPreview>;
  /** Deletes what is kept for a restore. */
  purge(id: string, options?: RequestOptions): Promise<BulkAction>;
};

/** Which records come back. */
export type RestoreOptions = CreateOptions & { readonly recordIds?: readonly string[] | undefined };

/** Returns the methods on this connection. */
export function bulkActionsOf(connection: Connection): BulkActions {
  return {
    create: (action, options) => create(connection, action, options),
    upload: (ids, options) => upload(connection, ids, options),
    preview: (action, options) => preview(connection, action, options),
    retrieve: (id, options) => retrieve(connection, id, options),
    list: (query, options) => list(connection, query, options),
    wait: (id, options) => waitForEnd(connection, id, options),
    records: (id, query, options) => walkRecords(connection, id, query, options),
    cancel: (id, options) => cancel(connection, id, options),
    retry: (id, options) => retry(connection, id, options),
    restore: (id, options) => restore(connection, id, options),
    previewRestore: (id, options) => previewRestore(connection, id, options),
    purge: (id, options) => purge(connection, id, options),
  };
}

async function create(connection: Connection, action: NewBulkAction, options: CreateOptions = {}) {
  expectOptions(options, CREATE_OPTIONS);
  return call<CreateBulkActionData, BulkAction>(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions", query: VIEW, body: writeBody(action) },
    ...asOnce(options),
  });
}

function preview(connection: Connection, action: NewBulkAction, { signal }: RequestOptions = {}) {
  return call<PreviewBulkActionData, BulkActionPreview>(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions/preview", body: writeBody(action) },
    ...{ isRepeatable: true, signal },
  });
}

function list(connection: Connection, query: BulkActionsQuery = {}, { signal }: RequestOptions = {}) {
  const { ids, status, action_type, ...others } = query;
  return call<ListBulkActionsData, Page<BulkAction>>(connection, {
    ...{ method: "GET", url: "/v1/bulk_actions", isRepeatable: true, signal },
    query: {
      ...VIEW,
      ...others,
      ...(ids && { "ids[]": [...ids] }),
      ...(status && { "status[]": [...status] }),
      ...(action_type && { action_type: action_type as KnownActionType }),
    },
  });
}

// A cancel and a purge that are repeated change nothing and get the same answer.
function cancel(connection: Connection, id: string, { signal }: RequestOptions = {}) {
  return call<CancelBulkActionData, BulkAction>(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions/{id}/cancel", path: { id }, query: VIEW },
    ...{ isRepeatable: true, signal },
  });
}

function purge(connection: Connection, id: string, { signal }: RequestOptions = {}) {
  return call<PurgeBulkActionData, BulkAction>(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions/{id}/purge", path: { id }, query: VIEW },
    ...{ isRepeatable: true, signal },
  });
}

async function retry(connection: Connection, id: string, options: CreateOptions = {}) {
  expectOptions(options, CREATE_OPTIONS);
  return call<RetryBulkActionData, BulkAction>(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions/{id}/retry", path: { id }, query: VIEW },
    ...asOnce(options),
  });
}

// Async: an unknown option rejects, as every other fault does.
async function restore(connection: Connection, id: string, given: RestoreOptions = {}) {
  expectOptions(given, RESTORE_OPTIONS);
  const { recordIds, ...options } = given;
  return call<RestoreBulkActionData, BulkAction>(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions/{id}/restore", path: { id }, query: VIEW },
    ...writeRestored(recordIds),
    ...asOnce(options),
  });
}

async function previewRestore(connection: Connection, id: string, given: RestoreOptions = {}) {
  expectOptions(given, RESTORE_OPTIONS);
  const { recordIds, signal } = given;
  return call<PreviewRestoreData, BulkActionPreview>(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions/{id}/restore/preview", path: { id } },
    ...writeRestored(recordIds),
    ...{ isRepeatable: true, signal },
  });
}

const RESTORE_OPTIONS = ["recordIds", ...CREATE_OPTIONS] as const;

type KnownActionType = NonNullable<NonNullable<ListBulkActionsData["query"]>["action_type"]>;

// An installation may have action types of its own.
function writeBody(action: NewBulkAction): NewBulkActionBody {
  return { bulk_action: action } as NewBulkActionBody;
}

function writeRestored(recordIds: readonly string[] | undefined) {
  return recordIds && { body: { bulk_action: { record_ids: [...recordIds] } } };
}

/** The parts of a request that creates one bulk action, however often it is sent. */
function asOnce({ idempotencyKey = createIdempotencyKey(), signal }: CreateOptions) {
  return { headers: { "Idempotency-Key": idempotencyKey }, isRepeatable: true, signal };
}
