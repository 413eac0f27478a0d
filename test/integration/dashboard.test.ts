import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

type BoardJob = {
  readonly name: string;
  readonly progress: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly returnValue: Readonly<Record<string, unknown>>;
};

test("the dashboard shows each turn by action type, short id, lane and turn, with what it did", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "10" });
  const { token, productIds } = await service.fillShop({ products: 30, inUse: 4 });
  const { id } = await service.submit(token, "delete_products", productIds);
  await service.startWorker();
  await service.finished(token, id);

  const jobs = await eventually(async () => {
    const completed = await findJobs(service, "completed");
    expect(completed.length).toBeGreaterThanOrEqual(3);
    return completed;
  });

  for (const { name, data } of jobs) {
    expect(name).toBe(`delete_products ${id.slice(0, 8)} · lane ${data["lane"]} · turn ${data["turn"]}`);
    expect(Object.keys(data).sort()).toEqual(["bulkActionId", "generation", "lane", "turn"]);
  }
  const settled = jobs.find((job) => job.returnValue["ending"] === "settled");
  expect(settled?.progress).toBe(100);
  expect(sum(jobs, "deleted")).toBe(26);
  expect(sum(jobs, "skipped")).toBe(4);
  expect(sum(jobs, "failed")).toBe(0);
});

test("the dashboard is to look at only", async () => {
  await using service = await openTestService();
  const { token, productIds } = await service.fillShop({ products: 1 });
  await service.submit(token, "delete_products", productIds);
  // A create does not wait for the queue.
  await eventually(async () => expect(await findJobs(service, "waiting")).toHaveLength(1));
  const queue = `${service.opsUrl}/dashboard/api/queues/bulk-actions`;

  for (const path of ["/pause", "/empty", "/obliterate"]) {
    expect((await fetch(`${queue}${path}`, { method: "PUT" })).status).toBe(405);
  }
  expect(await findJobs(service, "waiting")).toHaveLength(1);
});

async function findJobs(service: TestService, status: string): Promise<readonly BoardJob[]> {
  const query = `activeQueue=bulk-actions&status=${status}&page=1&jobsPerPage=50`;
  const response = await fetch(`${service.opsUrl}/dashboard/api/queues?${query}`);
  const { queues } = (await response.json()) as { queues: [{ jobs: readonly BoardJob[] }] };
  return queues[0].jobs;
}

function sum(jobs: readonly BoardJob[], key: string): number {
  return jobs.reduce((total, job) => total + Number(job.returnValue[key]), 0);
}
