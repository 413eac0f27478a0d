import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import type { BulkActionWatch, News } from "@bulk/store/watching/bulk-action-watch";
import { describe, expect, test } from "vitest";
import { writeEvents } from "./event-stream.ts";

const EFFECTS: RecordEffects = new Map([
  ["delete_products", { recordType: "product", effect: "deleted", change: { kind: "delete" }, skips: {} }],
]);

const first: BulkActionProgress = {
  id: "8f14e45f-ceea-467f-a0e6-000000000001",
  accountId: "8f14e45f-ceea-467f-a0e6-000000000002",
  actionType: "delete_products",
  status: "processing",
  recordCount: 10,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  startedAt: new Date(0),
  finishedAt: null,
  cancelRequestedAt: null,
  retryOfId: null,
  restoreOfId: null,
  restorableUntil: null,
  restoredCount: 0,
  createdBy: null,
  paused: null,
  braked: null,
  applied: 2,
  skipped: 1,
  failed: 0,
  lastProgressAt: new Date(0),
};
const further = changed({ applied: 5 });
const ended = changed({ status: "succeeded", applied: 9 });

const RETRY = "retry: 2000\n\n";
const SNAPSHOT = event("snapshot", "processing-3", { processed: 3, deleted: 2 });
const PROGRESS = event("progress", "processing-6", { processed: 6, deleted: 5 });
const END = event("end", "end", { status: "succeeded", processed: 10, deleted: 9 });

describe("the events of a bulk action are", () => {
  test.each<[string, string | undefined, readonly News[], readonly string[]]>([
    ["snapshot, progress and end", undefined, [further, ended], [RETRY, SNAPSHOT, PROGRESS, END]],
    ["without a snapshot for whoever has it", "processing-3", [ended], [RETRY, END]],
    ["with one for whoever has an older one", "pending-0", [ended], [RETRY, SNAPSHOT, END]],
    [
      "only what has changed",
      undefined,
      [changed({}), further, further, ended],
      [RETRY, SNAPSHOT, PROGRESS, END],
    ],
    [
      "with a heartbeat in silence",
      undefined,
      [{ kind: "unchanged" }, ended],
      [RETRY, SNAPSHOT, ":\n\n", END],
    ],
    [
      "without an end where there is none",
      undefined,
      [further, { kind: "over" }],
      [RETRY, SNAPSHOT, PROGRESS],
    ],
  ])("%s", async (_what, lastEventId, news, expected) => {
    const pieces = writeEvents(
      watchOf(news),
      { lastEventId, effects: EFFECTS },
      new AbortController().signal,
    );
    expect(await Array.fromAsync(pieces)).toEqual(expected);
  });

  test("over when the caller has gone", async () => {
    const gone = AbortSignal.abort();
    expect(
      await Array.fromAsync(
        writeEvents(watchOf([{ kind: "unchanged" }]), { lastEventId: undefined, effects: EFFECTS }, gone),
      ),
    ).toEqual([RETRY, SNAPSHOT]);
  });
});

function changed(difference: Partial<BulkActionProgress>): Extract<News, { readonly kind: "changed" }> {
  return { kind: "changed", progress: { ...first, ...difference } };
}

function watchOf(news: readonly News[]): BulkActionWatch {
  const left = [...news];
  return {
    first,
    next: async () => left.shift() ?? { kind: "over" },
    load: async () => undefined,
  };
}

function event(name: string, id: string, difference: Readonly<Record<string, unknown>>): string {
  const data = {
    id: first.id,
    status: "processing",
    total: 10,
    processed: 0,
    deleted: 0,
    skipped: 1,
    failed: 0,
    braked_by: null,
  };
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify({ ...data, ...difference })}\n\n`;
}
