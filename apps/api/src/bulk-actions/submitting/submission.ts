import type { Caller } from "@bulk/store/accounts/api-tokens";
import type { ApiRequest } from "../../context.ts";

/** Who creates a bulk action: the caller of a request, or an operator, who has no token. */
export type Submitter = Pick<Caller, "accountId"> & { readonly tokenId: string | undefined };

/** What a new bulk action takes from its request, whether a caller of the API sends it or an operator at the console. */
export type Submission = Pick<ApiRequest, "headers" | "reserve" | "reserveRecords"> & {
  readonly caller: Submitter;
  /** The path that the idempotency key counts for. */
  readonly path: string;
};
