import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openTestStack } from "../support/test-stack.ts";

test("workers log when they slow down and when they no longer do; one that is killed with the lane does not keep it", async () => {
  await using stack = await openTestStack("postgres", { PROTECT: "on" });
  // A slice takes seconds, so that the lane is taken most of the time.
  await stack.database.query(`
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.005); RETURN OLD; END $$;
    CREATE TRIGGER dawdle BEFORE DELETE ON public.products FOR EACH ROW EXECUTE FUNCTION dawdle()`);
  const { token, productIds } = await stack.fillShop({ products: 2_000 });
  await using shopper = startShopper(stack.database.query);
  await using first = stack.startWorker();
  await first.says(/taking turns/);
  const { id } = await stack.submit(token, "delete_products", productIds);
  const [begin] = await first.says(/.*others use the database; chunks are slowed down.*/);
  expect(begin).toMatch(/shop_is_active[\s\S]*1\.25/);
  await eventually(() => expectLeased(stack.database.url));
  first.kill("SIGKILL");
  await first.exited();

  await using second = stack.startWorker();
  await second.says(/chunks are slowed down/);
  const { done } = await countDone();
  await eventually(async () => expect((await countDone()).done).toBeGreaterThan(done));

  await shopper[Symbol.asyncDispose]();
  await second.says(/others no longer use the database; chunks run at full speed/);
  expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded" });

  async function countDone() {
    const [row] = await stack.database.query<{ done: number }>(
      "SELECT sum(done_count)::int AS done FROM bulk.bulk_action_chunks",
    );
    return row ?? { done: Number.NaN };
  }
});

/** Runs one small statement after the other. */
function startShopper(query: (text: string) => Promise<unknown>): AsyncDisposable {
  const leaving = new AbortController();
  const walk = (async () => {
    while (!leaving.signal.aborted) {
      await query("SELECT 1");
      await wait(20);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await walk;
    },
  };
}

/** A rest is shorter than what is left of a lease that was just taken. */
async function expectLeased(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "bulk-actions-test" });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      "SELECT FROM bulk.brake WHERE free_at > clock_timestamp() + interval '1 second'",
    );
    expect(rowCount).toBe(1);
  } finally {
    await client.end();
  }
}
