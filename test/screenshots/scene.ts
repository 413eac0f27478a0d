import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { fillShopOf, openForSeed } from "@bulk/local/fill-shop";
import { every } from "@bulk/service/timing/every";
import { pause, resume } from "@bulk/store/operations/pauses";
import { openConsoleAs } from "../support/console.ts";
import { eventually } from "../support/eventually.ts";
import { lockTables } from "../support/lock-rows.ts";

/** What there is to see. */
export type Scene = {
  /** The id of a bulk action at work, slowly enough for all pictures. */
  readonly running: string;
  /** One that has ended with skipped records. */
  readonly ended: string;
  /** The id of a record that was deleted and brought back. */
  readonly restored: string;
  readonly accountName: string;
  /** Records to preview a deletion of, some of them on order lines. */
  readonly productIds: readonly string[];
  /** Keeps turns at work until it is disposed of. */
  holdTurns(): Promise<AsyncDisposable>;
  /** Makes turns fail until it is disposed of. */
  failTurns(): Promise<AsyncDisposable>;
};

type Urls = { readonly databaseUrl: string; readonly apiUrl: string; readonly opsUrl: string };

/** Makes three shops, and bulk actions in every state. */
export async function setScene({ databaseUrl, apiUrl, opsUrl }: Urls): Promise<Scene> {
  const database = openForSeed(databaseUrl);
  try {
    const acme = await fillShopOf(database, "acme", { products: 250_000, customers: 2_000, inUse: 60 });
    const globex = await fillShopOf(database, "globex", { products: 3_000, customers: 900, inUse: 5 });
    const initech = await fillShopOf(database, "initech", { products: 2_000, customers: 100, inUse: 0 });
    const anna = await openConsoleAs(opsUrl, "anna");
    const inUse = acme.productIds.slice(0, 60);
    const ended = await submit(apiUrl, acme.token, "delete_products", [
      ...inUse.slice(0, 37),
      ...acme.productIds.slice(60, 4_000),
      ...Array.from({ length: 12 }, () => randomUUID()),
    ]);
    const customers = await submit(
      apiUrl,
      globex.token,
      "delete_customers",
      globex.customerIds.slice(0, 800),
    );
    await Promise.all([hasEnded(apiUrl, acme.token, ended), hasEnded(apiUrl, globex.token, customers)]);
    await anna.submit(`/bulk-actions/${customers}/restore`);
    await hasEnded(
      apiUrl,
      initech.token,
      await submit(apiUrl, initech.token, "archive_products", initech.productIds.slice(0, 1_500)),
    );

    // So that nothing has ended before it is paused.
    await pause(database, { kind: "all" }, { reason: "the scene is set", pausedBy: "test" });
    // Workers look once a second.
    await wait(2_500);
    const canceled = await submit(apiUrl, initech.token, "delete_products", initech.productIds);
    await anna.submit(`/bulk-actions/${canceled}/cancel`);
    const paused = await submit(apiUrl, globex.token, "delete_products", globex.productIds);
    await anna.submit(`/bulk-actions/${paused}/pause`, { reason: "the shop has a sale until 18:00" });
    await anna.submit(`/bulk-actions/${paused}/throttle`, { records_per_second: "2000" });
    // So that the throttle is known before work goes on.
    await wait(2_500);
    await resume(database, { kind: "all" });
    const running = await submit(apiUrl, acme.token, "delete_products", acme.productIds.slice(4_000));
    // A shop that has worked for an hour.
    await database.$executeRaw`
      INSERT INTO bulk.rates (minute, worker_id, applied, skipped, failed)
      SELECT date_trunc('minute', now()) - make_interval(mins => n), gen_random_uuid(),
             (6000 + 5000 * sin(n / 6.0))::int, 40, 0
      FROM generate_series(2, 59) AS n WHERE n NOT BETWEEN 20 AND 27`;
    await eventually(async () => {
      const page = await anna.page(`/bulk-actions/${running}`);
      if (!/· [\d,]+ per second/.test(page)) throw new Error("It does not run yet.");
    });
    const held = await anna.page(`/bulk-actions/${paused}`);
    if (!held.includes("the shop has a sale")) throw new Error("It ended before it was paused.");
    return {
      ...{ running, ended, restored: globex.customerIds[0] ?? "", accountName: "acme" },
      productIds: [...inUse.slice(37), ...acme.productIds.slice(-40)],
      holdTurns: () => holdTurns(databaseUrl),
      failTurns: () => failTurns(databaseUrl),
    };
  } finally {
    await database.$disconnect();
  }
}

function holdTurns(databaseUrl: string): Promise<AsyncDisposable> {
  return lockTables({ url: databaseUrl }, ["products"]);
}

// A turn that waits for a lock is in the middle of a statement. One that loses its session tries once more, carefully.
async function failTurns(databaseUrl: string): Promise<AsyncDisposable> {
  const database = openForSeed(databaseUrl);
  const held = await holdTurns(databaseUrl);
  async function endWaiting(): Promise<void> {
    await database.$queryRaw`
      SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
      WHERE application_name = 'bulk-actions-worker' AND wait_event_type = 'Lock'`;
  }
  const series = every(100, endWaiting, console.error);
  return {
    async [Symbol.asyncDispose]() {
      await series.stop();
      await held[Symbol.asyncDispose]();
      await database.$disconnect();
    },
  };
}

async function submit(
  apiUrl: string,
  token: string,
  actionType: string,
  recordIds: readonly string[],
): Promise<string> {
  const body = JSON.stringify({ bulk_action: { action_type: actionType, record_ids: recordIds } });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${apiUrl}/v1/bulk_actions`, { method: "POST", headers, body });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return ((await response.json()) as { readonly id: string }).id;
}

async function hasEnded(apiUrl: string, token: string, id: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  await eventually(async () => {
    const response = await fetch(`${apiUrl}/v1/bulk_actions/${id}?fields=status`, { headers });
    const { status } = (await response.json()) as { readonly status: string };
    if (["pending", "processing"].includes(status)) throw new Error(`Still ${status}.`);
  });
}
