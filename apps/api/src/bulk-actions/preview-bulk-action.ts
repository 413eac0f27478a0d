import { bulkActionPreview } from "@bulk/wire/preview";
import type { ApiContext, Endpoint } from "../context.ts";
import { newBulkActionBody } from "./body/new-bulk-action.ts";
import { onePreview } from "./one-of-account.ts";
import { previewNew } from "./submitting/preview-new.ts";

/** `POST /v1/bulk_actions/preview` */
export function previewBulkAction(context: ApiContext): Endpoint {
  const body = newBulkActionBody(context);
  const one = onePreview(context);
  return {
    operation: {
      id: "previewBulkAction",
      summary: "Preview a bulk action",
      description:
        "Returns what the same body would do if it were submitted now: how many records the action would " +
        "apply to, and why it would skip the others. Changes nothing. The result may differ later because " +
        "records may change before the bulk action reaches them. An account may run one preview at a time; " +
        "others get 429 meanwhile. Of a filter, the response also has a sample of the ids, and too many matches or another " +
        "count than expected are refused as they would be.",
      body: body.schema,
      takesRecordIds: true,
      response: bulkActionPreview,
      refusals: ["conflict", "invalid"],
      changes: "nothing",
    },
    // Refuses before the body is read.
    admit: one.admit,
    respond: ({ caller, body: sent }) =>
      one.run(caller, async () => {
        const preview = await previewNew(caller.accountId, body.parse(sent), context);
        return { kind: "json", body: preview };
      }),
  };
}
