import { describe, expect, test } from "vitest";
import { openTestStack } from "../support/test-stack.ts";

describe("a database that has no room", () => {
  test("costs no record anything: the action waits, says so in the log, and ends when there is room again", async () => {
    await using stack = await openTestStack("postgres");
    const { token, productIds } = await stack.fillShop({ products: 300 });
    await stack.database.query(`
      CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
    await stack.database.query(
      "CREATE TRIGGER be_full BEFORE UPDATE ON bulk_action_chunks FOR EACH ROW EXECUTE FUNCTION be_full()",
    );
    await using worker = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);

    await worker.says(/No space left on device.*turn failed; nothing is lost/);
    expect(await stack.database.query("SELECT count(*)::int AS left FROM products")).toEqual([{ left: 300 }]);
    await stack.database.query("DROP TRIGGER be_full ON bulk_action_chunks");

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
  });
});
