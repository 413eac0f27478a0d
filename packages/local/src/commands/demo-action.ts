import { setTimeout as wait } from "node:timers/promises";
import { startProgress } from "@bulk/service/process/show-progress";
import { z } from "zod";

export type DemoOptions = {
  readonly apiUrl: string;
  readonly token: string;
  readonly recordIds: readonly string[];
};

/** The result of the demo's bulk action. */
export type DemoAction = {
  readonly id: string;
  readonly status: string;
  readonly tally: z.output<typeof wireAction>["details"];
  /** The records that were not deleted, by the reason for it. */
  readonly notDeleted: ReadonlyMap<string, readonly string[]>;
  readonly seconds: number;
};

const count = z.int();

const wireAction = z.object({
  id: z.string(),
  status: z.string(),
  details: z.object({ processed: count, deleted: count, skipped: count, failed: count }),
});

const wireRecord = z.object({ record_id: z.string(), code: z.string() });

/** Without the ids, which would be two megabytes per response. */
const VIEW = "?fields=id,status&expand[]=details";

/** Submits one bulk action over HTTP, shows its progress and waits until it ends. */
export async function runDemoAction(options: DemoOptions): Promise<DemoAction> {
  const startedAt = performance.now();
  const progress = startProgress(options.recordIds.length);
  let action = await submit(options);
  while (action.status === "pending" || action.status === "processing") {
    // Well below the rate limit of a token.
    await wait(100);
    action = await retrieve(options, action.id);
    progress.show(action.details.processed);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  progress.end(action.details.processed);
  const { id, status, details: tally } = action;
  return { id, status, tally, notDeleted: await listNotDeleted(options, id), seconds };
}

async function submit(options: DemoOptions) {
  const body = { bulk_action: { action_type: "delete_products", record_ids: options.recordIds } };
  const response = await call(options, VIEW, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  return wireAction.parse(await response.json());
}

async function retrieve(options: DemoOptions, id: string) {
  const response = await call(options, `/${id}${VIEW}`);
  return wireAction.parse(await response.json());
}

async function listNotDeleted(options: DemoOptions, id: string): Promise<DemoAction["notDeleted"]> {
  const response = await call(options, `/${id}/records?outcome[]=skipped&outcome[]=failed`, {
    headers: { accept: "application/x-ndjson" },
  });
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  const records = lines.map((line) => wireRecord.parse(JSON.parse(line)));
  const byCode = Map.groupBy(records, (record) => record.code);
  return new Map([...byCode].map(([code, some]) => [code, some.map((record) => record.record_id)]));
}

async function call({ apiUrl, token }: DemoOptions, path: string, init: RequestInit = {}) {
  const response = await fetch(`${apiUrl}/v1/bulk_actions${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
  if (!response.ok) throw new Error(`The API responded ${response.status}: ${await response.text()}`);
  return response;
}
