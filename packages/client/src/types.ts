import type {
  BulkActionPreview,
  BulkActionProgress,
  BulkActionRecord,
  BulkActionDetailsOutput as Details,
  ListBulkActionRecordsData,
  ListBulkActionsData,
  ListBulkActionsResponse,
  NewBulkAction as NewBulkActionBody,
  BulkAction as WireBulkAction,
} from "./generated/types.gen.ts";

export type { BulkActionPreview };

/** A bulk action with its counts, without its ids: `records()` reads them. */
export type BulkAction = Omit<WireBulkAction, "record_ids" | "skipped_record_ids" | "details"> & {
  details: BulkActionDetails;
};

/** Counts, outcome, times and origin of a bulk action. */
export type BulkActionDetails = Details;

/** `pending` and `processing` are open, the others final. */
export type BulkActionStatus = WireBulkAction["status"];

/** How far a bulk action is. Counts never go down. */
export type Progress = BulkActionProgress;

/** One id of a bulk action and its outcome. */
export type RecordOutcome = BulkActionRecord;

/** A page of a list. */
export type Page<Item> = {
  pagination: ListBulkActionsResponse["pagination"];
  data: Item[];
};

/** An action type: one of the sample shop, or any that the records of the installation declare. */
export type ActionType = NewBulkActionBody["bulk_action"]["action_type"] | (string & {});

/** What to do with which records: those that are listed, or those that a filter selects. */
export type NewBulkAction = {
  readonly action_type: ActionType;
  /** `false`: keep nothing for a restore. */
  readonly restorable?: boolean;
} & (ListedRecords | SelectedRecords);

export type ListedRecords = {
  /** UUIDs, texts or whole numbers, as the records of the installation have them. */
  readonly record_ids: readonly string[];
};

export type SelectedRecords = {
  readonly filter: Filter;
  /** More matches are refused. */
  readonly max_records: number;
  /** Another number of matches is refused. */
  readonly expected_count?: number;
};

/** Conditions by field and operator, all of which must hold. The fields are those that the installation declares. */
export type Filter = {
  readonly [field: string]: {
    readonly eq?: FilterValue;
    readonly in?: readonly FilterValue[];
    readonly lt?: FilterValue;
    readonly lte?: FilterValue;
    readonly gt?: FilterValue;
    readonly gte?: FilterValue;
    readonly is_null?: boolean;
    readonly exists?: boolean;
  };
};

/** A value that a column can be compared with. Times are texts such as `2022-01-31T12:00:00Z`. */
export type FilterValue = string | number | boolean;

/** What to do with the records of a file or stream of ids, of any length. */
export type NewUpload = {
  readonly action_type: ActionType;
  readonly restorable?: boolean;
  /**
   * The ids one by one, or a file: CSV with a column `id`, or NDJSON if its type is `application/x-ndjson`. Only a file can be sent
   * again after a failure.
   */
  readonly ids: Blob | AsyncIterable<string> | readonly string[];
  /** How many ids there are, with those that repeat. Another number is refused. */
  readonly expected_count?: number;
};

type ListQuery = NonNullable<ListBulkActionsData["query"]>;

/** Which bulk actions to list. All conditions must hold. Times are Unix seconds. */
export type BulkActionsQuery = {
  readonly ids?: readonly string[];
  readonly status?: readonly BulkActionStatus[];
  readonly action_type?: ActionType;
} & Readonly<Pick<ListQuery, "created_after" | "created_before" | "limit" | "page" | "sort">>;

type Outcome = NonNullable<NonNullable<ListBulkActionRecordsData["query"]>["outcome[]"]>[number];

/** Which records to read. */
export type RecordsQuery = {
  /** Only records with one of these outcomes. */
  readonly outcome?: readonly (Outcome | (string & {}))[];
};

/** How a request is sent. */
export type RequestOptions = {
  /** Ends the request when aborted. */
  readonly signal?: AbortSignal | undefined;
};

/** How a request that creates a bulk action is sent. */
export type CreateOptions = RequestOptions & {
  /**
   * Names the request, so that sending it again creates nothing. By default a random one, which covers the retries of this
   * call. Give one of your own to cover a restart of your program as well.
   */
  readonly idempotencyKey?: string | undefined;
};

/** How to wait for the end of a bulk action. */
export type WaitOptions = RequestOptions & {
  /** Called with every new state, the first one included. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** How long to wait. By default until the end. */
  readonly timeoutMs?: number | undefined;
  /** How long the API may be unreachable meanwhile. Default: five minutes. */
  readonly unreachableMs?: number | undefined;
};
