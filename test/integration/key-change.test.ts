import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openKeyedHost } from "../support/keyed-host.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

test.each([
  ["uuid", "text", "are UUIDs, but the key of delete_goods is text now"],
  ["text", "uuid", "are not UUIDs, but the key of delete_goods is uuid now"],
] as const)(
  "an open bulk action waits untouched while its key is no longer %s but %s, and the turn says what to do",
  async (before, now, words) => {
    await using host = await openKeyedHost(before);
    await using changedHost = await openKeyedHost(now);
    const environment = { RECORDS: host.file, CHUNK_SIZE: "7", SWEEP_INTERVAL_MS: "100" };
    await using service = await openTestService(environment, {
      prepare: (database) => host.prepare(database),
    });
    const { token, accountId } = await service.fillShop({});
    const ids = await host.addGoods(service.database, accountId, 20);
    const held = await service.submit(token, "delete_goods", ids);
    const givenUp = await service.submit(token, "delete_goods", ids);
    await service.database.query(
      "ALTER TABLE good_lines RENAME TO old_lines; ALTER TABLE goods RENAME TO old",
    );
    await changedHost.prepare(service.database);

    const worker = await service.startWorker({ RECORDS: changedHost.file });
    for (const { id } of [held, givenUp]) {
      const reason = await readFailure(service, id);
      expect(reason).toContain(`The ids of bulk action ${id} ${words}. Restore the former key type`);
      expect(reason).toContain(`pnpm admin action cancel ${id}`);
    }
    expect(await readChunks(service)).toEqual([{ done: 0, attempts: 0, finished: 0, messages: 0 }]);

    await service.request(token, `/v1/bulk_actions/${givenUp.id}/cancel`, { method: "POST" });
    expect(await service.finished(token, givenUp.id)).toMatchObject({ status: "completed" });
    await worker.stop();
    await service.database.query(`DROP TABLE good_lines, goods;
      ALTER TABLE old RENAME TO goods; ALTER TABLE old_lines RENAME TO good_lines`);
    await service.startWorker();
    expect(await service.finished(token, held.id)).toMatchObject({ status: "succeeded" });
  },
);

async function readFailure(service: TestService, id: string): Promise<string> {
  const queue = openServiceQueue(service);
  try {
    return await eventually(async () => {
      const jobs = await queue.native.getFailed();
      const [reason] = jobs.map((job) => job.failedReason ?? "").filter((text) => text.includes(id));
      if (reason === undefined) throw new Error(`No turn of ${id} has failed yet.`);
      return reason;
    });
  } finally {
    await queue.close();
  }
}

async function readChunks({ database }: TestService) {
  return await database.query(
    `SELECT sum(done_count)::int AS done, sum(attempts)::int AS attempts, count(finished_at)::int AS finished,
            count(last_error)::int AS messages
     FROM bulk.bulk_action_chunks`,
  );
}
