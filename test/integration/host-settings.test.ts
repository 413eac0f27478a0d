import { mintToken } from "@bulk/store/accounts/mint-token";
import { setThrottle } from "@bulk/store/operations/throttles";
import { listAuditEntries } from "@bulk/store/retention/audit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOSTILE_SETTINGS } from "../support/hostile-settings.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { moveAway } from "../support/stranger.ts";
import type { TestDatabase } from "../support/test-database.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

// Decision 026: a host's settings change neither what values mean nor what sessions may do.
describe.each([
  ["in a zone east of Greenwich", { TimeZone: "'Europe/Berlin'" }],
  ["with dates in another style", { DateStyle: "'SQL, DMY'" }],
  ["where every setting is another one", HOSTILE_SETTINGS],
])("on a database %s", (_where, settings) => {
  let service: TestService;
  let opened: ReturnType<typeof openServiceDatabase>;
  let shop: Awaited<ReturnType<TestService["fillShop"]>>;

  beforeAll(async () => {
    // A lane that hangs must not be saved by the sweeper.
    const environment = { SWEEP_INTERVAL_MS: "3600000", CHUNK_SIZE: "500" };
    const prepare = (database: TestDatabase) => moveAway(database.query, database.name, settings);
    service = await openTestService(environment, { prepare });
    opened = openServiceDatabase(service.database.url);
    shop = await service.fillShop({ products: 2_000, inUse: 1 });
    const throttle = { actionType: "delete_products", recordsPerSecond: 800, setBy: "test" };
    await setThrottle(opened.database, throttle);
    await service.startWorker();
  });

  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  test("moments are told and understood as what they are", async () => {
    const before = Math.floor(Date.now() / 1_000);
    const { id, created_at } = await service.submit(
      shop.token,
      "delete_products",
      shop.productIds.slice(0, 2),
    );
    const after = Math.ceil(Date.now() / 1_000);
    expect(created_at).toBeGreaterThanOrEqual(before);
    expect(created_at).toBeLessThanOrEqual(after);
    expect(await service.finished(shop.token, id)).toMatchObject({ status: expect.any(String) });

    const list = await service.request(shop.token, `/v1/bulk_actions?created_after=${before - 1}`);
    expect(await list.json()).toMatchObject({ data: [{ id, created_at }] });
    const query = { accountId: undefined, since: new Date((before - 1) * 1_000), limit: 10 };
    const [entry] = await listAuditEntries(opened.database, query);
    expect(entry?.bulkActionId).toBe(id);
    expect(entry?.createdAt.getTime()).toBeCloseTo(created_at * 1_000, -4);
  });

  test("a token is good until it expires", async () => {
    expect(await statusOfTokenThatExpires(30)).toBe(200);
    expect(await statusOfTokenThatExpires(-10)).toBe(401);
  });

  async function statusOfTokenThatExpires(inMinutes: number): Promise<number> {
    const expiresAt = new Date(Date.now() + inMinutes * 60_000);
    const token = { accountId: shop.accountId, name: "ci", scopes: ["bulk_actions:read"], expiresAt };
    const { secret } = await mintToken(opened.database, token);
    return (await service.request(secret, "/v1/bulk_actions")).status;
  }

  test("a throttled bulk action has its turns when they are due", async () => {
    const { id } = await service.submit(shop.token, "delete_products", shop.productIds.slice(2));
    expect(await service.finished(shop.token, id)).toMatchObject({ status: "succeeded" });
  });
});

test("decoys of the service's tables that come first on the search path of the role are not touched", async () => {
  const decoys = ["accounts", "api_tokens", "bulk_actions", "bulk_action_chunks", "products", "line_items"];
  const prepare = async (database: TestDatabase) => {
    await database.query(
      `CREATE SCHEMA decoy; ${decoys.map((table) => `CREATE TABLE decoy.${table} (odd text)`).join(";")};
       GRANT USAGE ON SCHEMA decoy TO PUBLIC`,
    );
    await moveAway(database.query, database.name, { search_path: "decoy, public" });
  };
  await using service = await openTestService({}, { prepare });
  const { token, productIds } = await service.fillShop({ products: 100, inUse: 1 });
  await service.startWorker();
  const { id } = await service.submit(token, "delete_products", productIds);
  await service.finished(token, id);
  expect(await service.database.query("SELECT count(*)::int AS left FROM public.products")).toEqual([
    { left: 1 },
  ]);
  expect((await fetch(`${service.opsUrl}/health/ready`)).status).toBe(200);
});
