import { randomUUID } from "node:crypto";
import { queueEngine } from "@bulk/queue/engines/engine";
import { parseTurn } from "@bulk/queue/turns/turn";
import { openTurnQueue } from "@bulk/queue/turns/turn-queue";
import { expect } from "vitest";
import { type Headers, type RawAnswer, requestHead, sendRaw } from "./raw-http.ts";
import type { TestService } from "./test-service.ts";

/** The error of the base contract, and the id of the request. */
export type WireError = {
  readonly http_status: string;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly validation_errors: readonly WireFault[];
  readonly request_id: string;
};

export type WireFault = {
  readonly attribute: string;
  readonly type: string;
  readonly code: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly message: string;
};

/** What an error says before its own words. */
export type Refusal = { readonly status: number; readonly httpStatus: string; readonly code: string };

/** Expects this error, with exactly these keys; answers its body. */
export function expectRefusal(
  answer: RawAnswer | undefined,
  { status, httpStatus, code }: Refusal,
): WireError {
  expect(answer?.status, answer?.body).toBe(status);
  expect(answer?.headers["content-type"]).toBe("application/json; charset=utf-8");
  const body = JSON.parse(answer?.body ?? "") as WireError;
  expect(body).toStrictEqual({
    http_status: httpStatus,
    type: code.slice(code.lastIndexOf(".") + 1),
    code,
    message: expect.stringMatching(/^\S.+$/),
    validation_errors: status === 422 ? expect.any(Array) : [],
    request_id: answer?.headers["request-id"],
  });
  return body;
}

/** Create (without a body), list and retrieve (of an unknown id), each with these headers. */
export function everyCall(url: string, headers: Headers): Promise<readonly RawAnswer[]> {
  const requestLines = [
    "POST /v1/bulk_actions",
    "GET /v1/bulk_actions",
    `GET /v1/bulk_actions/${randomUUID()}`,
  ];
  return Promise.all(requestLines.map((line) => sendRaw(url, requestHead(line, headers))));
}

/**
 * Expects no trace of any bulk action, neither in the database nor in the queue. Removes what there is, so
 * that it fails one test and not those after it.
 */
export function expectNothingWritten(service: TestService): Promise<void> {
  return expectNothingElseWritten(service, []);
}

/** The same, but of these bulk actions there is a trace. */
export async function expectNothingElseWritten(
  { database, redis }: TestService,
  ids: readonly string[],
): Promise<void> {
  const chunks = await database.query(
    "SELECT bulk_action_id FROM bulk.bulk_action_chunks WHERE bulk_action_id <> ALL ($1)",
    [ids],
  );
  const bulkActions = await database.query<{ id: string }>("DELETE FROM bulk.bulk_actions RETURNING id");
  const queue = openTurnQueue({
    engine: queueEngine({ DATABASE_URL: database.url, REDIS_URL: redis?.url }),
    deadlineMs: 5_000,
    onError: () => undefined,
  });
  try {
    await queue.native.waitUntilReady();
    const counts = await queue.native.getJobCounts();
    const jobs = (await queue.native.getJobs()).map(({ data }) => parseTurn(data).bulkActionId);
    await queue.native.obliterate({ force: true });
    expect(Object.keys(counts)).toContain("waiting");
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(jobs.length);
    expect({
      bulkActions: bulkActions.filter(({ id }) => !ids.includes(id)),
      chunks,
      jobs: jobs.filter((id) => !ids.includes(id)),
    }).toEqual({ bulkActions: [], chunks: [], jobs: [] });
  } finally {
    await queue.close();
  }
}
