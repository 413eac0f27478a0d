import { createClient } from "bulk-actions-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../support/run-cli.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let token: string;

beforeEach(async () => {
  service = await openTestService();
  // A tenth of the customers have orders.
  ({ token } = await service.fillShop({ customers: 40, products: 5, inUse: 5 }));
  await service.startWorker();
});

afterEach(() => service[Symbol.asyncDispose]());

test("a filter is previewed, submitted if the count is the expected one, and refused otherwise", async () => {
  const { bulkActions } = createClient({ url: service.url, token });
  const action = {
    action_type: "delete_customers",
    filter: { created_at: { lt: "2100-01-01T00:00:00Z" } },
  } as const;
  const preview = await bulkActions.preview({ ...action, max_records: 40 });
  expect(preview).toMatchObject({ total: 40, applicable: 40 });
  expect(preview.sample_record_ids).toHaveLength(40);
  await expect(bulkActions.create({ ...action, max_records: 39 })).rejects.toMatchObject({
    code: "bulk_action.too_many_matches",
  });
  await expect(bulkActions.create({ ...action, max_records: 40, expected_count: 7 })).rejects.toMatchObject({
    code: "bulk_action.count_changed",
  });
  const { id } = await bulkActions.create({ ...action, max_records: 40, expected_count: 40 });
  expect(await bulkActions.wait(id)).toMatchObject({ status: "succeeded", details: { deleted: 40 } });
});

test("the command line previews and submits what a filter selects", async () => {
  const environment = { BULK_ACTIONS_URL: service.url, BULK_ACTIONS_TOKEN: token };
  const command = [
    "delete",
    "customers",
    "--filter",
    "created_at<2100-01-01",
    "--filter",
    "orders exists false",
  ];
  const refused = await runCli([...command, "--yes", "--max", "1"], { environment });
  expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining("bulk_action.too_many_matches") });
  const [row] = await service.database.query<{ count: string }>(
    "SELECT count(*) FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id)",
  );
  const done = await runCli([...command, "--yes", "--max", "40"], { environment });
  expect(done.stdout).toContain(`${row?.count}: ${row?.count} deleted, 0 skipped`);
  expect(done.code).toBe(0);
  const unknown = await runCli(["preview", "delete", "customers", "--filter", "age>40"], { environment });
  expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining("has no field") });
});
