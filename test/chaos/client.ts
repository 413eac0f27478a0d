import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { parseAction, parseList } from "./parse-answer.ts";
import {
  type AcceptedAction,
  type Cancel,
  distinct,
  type FinalAnswer,
  type RestoreRequest,
  type Submission,
} from "./recorded-run.ts";
import { ATTEMPTS, type Request } from "./request.ts";
import { createRestoreClient, type RestoreClient } from "./restoring/restore-client.ts";
import type { ChaosShop } from "./shop.ts";

/** A caller who has heard of broken networks: waits long enough, and counts what it is told. */
export type ChaosClient = RestoreClient & {
  /**
   * Sends until a 200 comes, each time as a new action; gives up after some attempts. Answers the one that was
   * accepted.
   */
  submit(submission: Submission): Promise<AcceptedAction | undefined>;
  /** Sends until it is answered; gives up after some attempts. */
  cancel(action: AcceptedAction): Promise<void>;
  /** The actions of one account with these ids; `undefined` when no answer came. */
  list(accountId: string, ids: readonly string[]): Promise<readonly FinalAnswer[] | undefined>;
};

/** What has been sent and answered so far. */
export type ClientRecord = {
  /** What was begun to be sent, in order. */
  readonly begun: Submission[];
  readonly accepted: AcceptedAction[];
  readonly unanswered: Submission[];
  /** Each restore that was sent, once for each bulk action that it is known to have become. */
  readonly restores: RestoreRequest[];
  /** By the bulk action's id. */
  readonly cancels: Map<string, Cancel>;
  /** How often which answer came to a create; `none` for a connection that broke or was too slow. */
  readonly answers: Map<string, number>;
};

export type ChaosClientOptions = {
  readonly shops: readonly ChaosShop[];
  /** The address of an API that is up; a different one from time to time. Throws when none is. */
  readonly findApi: () => string;
  /** The database's clock; `undefined` when it is away. */
  readonly findClock: () => Promise<string | undefined>;
  readonly report: (violation: string) => void;
  readonly record: ClientRecord;
};

const PATIENCE_MS = 15_000;

export function createChaosClient(options: ChaosClientOptions): ChaosClient {
  const { shops, findApi, findClock, report, record } = options;
  const tokens = new Map(shops.map((shop) => [shop.accountId, shop.token]));

  async function request(
    accountId: string,
    path: string,
    body?: string,
    extra?: Readonly<Record<string, string>>,
  ): ReturnType<Request> {
    const headers = {
      ...extra,
      authorization: `Bearer ${tokens.get(accountId)}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    try {
      const api = await eventually(findApi, PATIENCE_MS);
      const method = body === undefined ? "GET" : "POST";
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const response = await fetch(`${api}${path}`, {
        method,
        headers,
        signal,
        ...(body !== undefined && { body }),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      // Refused, cut off, too slow, or nobody there: the caller cannot know what became of it.
      return undefined;
    }
  }

  async function list(
    accountId: string,
    ids: readonly string[],
  ): Promise<readonly FinalAnswer[] | undefined> {
    const query = ids.map((id) => `ids[]=${id}`).join("&");
    const answer = await request(accountId, `/v1/bulk_actions?${query}&limit=100`);
    if (answer === undefined || answer.status === 503) return undefined;
    if (answer.status === 200) return parseList(answer.text);
    report(`The list answered ${answer.status} to a correct request: ${answer.text.slice(0, 300)}`);
    return undefined;
  }

  async function accept(submission: Submission, text: string): Promise<AcceptedAction> {
    const created = parseAction(JSON.parse(text));
    const accepted = { ...submission, id: created.id };
    record.accepted.push(accepted);
    if (!["pending", "processing"].includes(created.status)) {
      report(`The answer to the create of ${created.id} had the status ${created.status}.`);
    }
    if (created.recordIds.join() !== distinct(submission.recordIds).join()) {
      report(`The answer to the create of ${created.id} did not repeat its record_ids.`);
    }
    const seen = await list(submission.accountId, [created.id]);
    if (seen?.length === 0) report(`Bulk action ${created.id} was not in the list right after its 200.`);
    return accepted;
  }

  async function submitOnce(submission: Submission): Promise<AcceptedAction | undefined> {
    const body = { bulk_action: { action_type: submission.actionType, record_ids: submission.recordIds } };
    const answer = await request(submission.accountId, "/v1/bulk_actions", JSON.stringify(body));
    const name = answer === undefined ? "none" : String(answer.status);
    record.answers.set(name, (record.answers.get(name) ?? 0) + 1);
    if (answer?.status === 200) return await accept(submission, answer.text);
    record.unanswered.push(submission);
    if (answer !== undefined && answer.status !== 503) {
      report(`A correct create was answered with ${answer.status}: ${answer.text.slice(0, 300)}`);
    }
    return undefined;
  }

  /** Whether there is nothing left to ask. */
  async function cancelOnce({ accountId, id }: AcceptedAction): Promise<boolean> {
    const answer = await request(accountId, `/v1/bulk_actions/${id}/cancel`, "");
    switch (answer?.status) {
      case 200:
        record.cancels.set(id, { id, answeredAt: await findClock() });
        return true;
      case 409:
        // It had ended, and no attempt before this one was in time.
        record.cancels.delete(id);
        return true;
      case undefined:
      case 503:
        return false;
      default:
        report(`A correct cancel was answered with ${answer?.status}: ${answer?.text.slice(0, 300)}`);
        return false;
    }
  }

  return {
    ...createRestoreClient({ request, report, record }),
    list,
    async cancel(action) {
      record.cancels.set(action.id, { id: action.id, answeredAt: undefined });
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        if (await cancelOnce(action)) return;
        await wait(400 * attempt);
      }
    },
    async submit(submission) {
      record.begun.push(submission);
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const accepted = await submitOnce(submission);
        if (accepted !== undefined) return accepted;
        await wait(400 * attempt);
      }
      return undefined;
    },
  };
}
