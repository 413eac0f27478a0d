import { setTimeout as wait } from "node:timers/promises";
import { isRecord, parseAction } from "../parse-answer.ts";
import type { AcceptedAction, RestoreRequest } from "../recorded-run.ts";
import { ATTEMPTS, type Request } from "../request.ts";

export type RestoreClient = {
  /**
   * Sends until it is answered; gives up after some attempts. Answers the restore, or `undefined`: there is nothing to
   * restore, one is open, or no answer came.
   */
  restore(request: NewRestore): Promise<AcceptedAction | undefined>;
};

export type NewRestore = Omit<RestoreRequest, "id"> & {
  /** The `Idempotency-Key`; `undefined`: none. */
  readonly key: string | undefined;
};

/** The caller of restores. An answer that is neither a restore nor a refusal for a good reason is reported. */
export function createRestoreClient({
  request,
  report,
  record,
}: {
  readonly request: Request;
  readonly report: (violation: string) => void;
  readonly record: { readonly accepted: AcceptedAction[]; readonly restores: RestoreRequest[] };
}): RestoreClient {
  function accept({ key: _, ...asked }: NewRestore, text: string): AcceptedAction {
    const { id, actionType, recordIds } = parseAction(JSON.parse(text));
    const accepted = { accountId: asked.accountId, id, actionType, recordIds };
    // A key is answered with the same bulk action each time.
    if (record.accepted.every((action) => action.id !== id)) {
      record.accepted.push(accepted);
      record.restores.push({ ...asked, id });
    }
    return accepted;
  }

  return {
    async restore(asked) {
      const { accountId, parentId, recordIds, key } = asked;
      const body = recordIds === undefined ? {} : { bulk_action: { record_ids: recordIds } };
      const headers: Readonly<Record<string, string>> = key === undefined ? {} : { "idempotency-key": key };
      const path = `/v1/bulk_actions/${parentId}/restore`;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const answer = await request(accountId, path, JSON.stringify(body), headers);
        if (answer?.status === 200) return accept(asked, answer.text);
        if (answer !== undefined && answer.status !== 503) {
          if (!REFUSALS.has(readCode(answer.text))) {
            report(`A correct restore of ${parentId} was answered with ${answer.text.slice(0, 300)}`);
          }
          return undefined;
        }
        record.restores.push({ accountId, parentId, recordIds, id: undefined });
        await wait(400 * attempt);
      }
      return undefined;
    },
  };
}

// Both may come after an attempt that was accepted without an answer.
const REFUSALS: ReadonlySet<unknown> = new Set([
  "bulk_action.restore_in_progress",
  "bulk_action.nothing_to_restore",
]);

function readCode(text: string): unknown {
  const body: unknown = JSON.parse(text);
  return isRecord(body) ? body["code"] : undefined;
}
