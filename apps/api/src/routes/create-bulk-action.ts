import { NO_PROGRESS } from "@bulk/domain/action-outcome";
import { tooManyOpen } from "@bulk/domain/refusals";
import { createBulkAction as storeBulkAction } from "@bulk/store/bulk-actions";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { createOnce, creationAnswerHeaders, creationHeaders } from "../create-once.ts";
import { exampleBulkAction } from "../examples.ts";
import { type NewBulkAction, newBulkActionBody } from "../new-bulk-action.ts";
import { viewQuery } from "../view.ts";
import { bulkActionAnswer } from "../wire.ts";

/** `POST /v1/bulk_actions` */
export function createBulkAction(context: ApiContext): Endpoint {
  const body = newBulkActionBody(context);
  return {
    operation: {
      id: "createBulkAction",
      summary: "Submit a bulk action",
      description:
        "The answer means that the bulk action is durable and will reach a terminal status, whatever dies " +
        "afterwards. Records are deleted in the background; ids that the action does not apply to (unknown, of " +
        "another account, in use) are skipped and end up in `skipped_record_ids`.",
      query: viewQuery,
      headers: creationHeaders,
      body: body.schema,
      takesRecordIds: true,
      answer: bulkActionAnswer.meta({ examples: [exampleBulkAction("pending")] }),
      answerHeaders: creationAnswerHeaders,
      refusals: ["conflict", "invalid"],
    },
    answer: async (request) => submit(request, body.parse(request.body), context),
  };
}

async function submit(
  request: ApiRequest,
  { actionType, recordIds }: NewBulkAction,
  context: ApiContext,
): Promise<ApiAnswer> {
  const { CHUNK_SIZE: chunkSize, MAX_OPEN_ACTIONS } = context.config;
  return await createOnce(request, context, {
    path: "/v1/bulk_actions",
    meaning: { actionType, recordIds: recordIds.ids },
    async create(admission) {
      const action = { ...admission, actionType, recordIds, chunkSize };
      const bulkAction = await storeBulkAction(context.database, action);
      if (bulkAction === undefined) return tooManyOpen(MAX_OPEN_ACTIONS);
      return { ...bulkAction, ...NO_PROGRESS, recordIds: recordIds.ids, skippedIds: [] };
    },
  });
}
