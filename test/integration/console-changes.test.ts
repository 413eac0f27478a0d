import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Console, openConsole, openConsoleAs } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let anna: Console;
let ben: Console;

beforeAll(async () => {
  const users = await writeUsers();
  service = await openTestService({
    CHUNK_SIZE: "10",
    DASHBOARD_USERS: users.join(),
    SWEEP_INTERVAL_MS: "100",
  });
  anna = await openConsoleAs(service.opsUrl, "anna");
  ben = await openConsoleAs(service.opsUrl, "ben");
});

afterAll(() => service[Symbol.asyncDispose]());

/** A bulk action that nobody works on. */
async function submitOpen(products = 30) {
  const { token, productIds } = await service.fillShop({ products });
  const { id } = await service.submit(token, "delete_products", productIds);
  return { token, id, path: `/bulk-actions/${id}` };
}

const CHANGES = ["cancel", "pause", "resume", "throttle", "unthrottle", "retry", "restore"];

describe("a change", () => {
  test.each(CHANGES)("is refused to viewers with the reason, and not offered to them: %s", async (change) => {
    const { path } = await submitOpen();
    for (const answer of [await ben.request(`${path}/${change}`), await ben.submit(`${path}/${change}`)]) {
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain("This needs the role operator.");
    }
    const page = await ben.page(path);
    expect(page).not.toContain(`href="/console${path}/${change}"`);
    expect(page).toContain("You are a viewer.");
  });

  test.each(CHANGES)("of another site's page is refused, and of a stranger: %s", async (change) => {
    const { path } = await submitOpen();
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "http://evil.example" }]) {
      const answer = await anna.request(`${path}/${change}`, { method: "POST", headers });
      expect(answer.status).toBe(403);
    }
    const answer = await openConsole(service.opsUrl).submit(`${path}/${change}`);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console/login"]);
    expect(await listKinds(path)).toEqual([]);
  });

  test("asks with the number of records before it is done", async () => {
    const { path } = await submitOpen(1_234);
    for (const change of ["cancel", "pause", "throttle"]) {
      expect(await anna.page(path)).toContain(`href="/console${path}/${change}"`);
      expect(await anna.page(`${path}/${change}`)).toContain("1,234 records");
    }
    expect(await listKinds(path)).toEqual([]);
  });

  test("whose form is too large or has characters that no text has is refused as that, and not made", async () => {
    const { path } = await submitOpen();
    const large = await anna.submit(`${path}/pause`, { reason: "a".repeat(20_000) });
    expect(large.status).toBe(413);
    expect(await large.text()).toContain("The form cannot be read");
    const odd = await anna.submit(`${path}/pause`, { reason: "a\u0000b" });
    expect(odd.status).toBe(422);
    expect(await odd.text()).toContain("without control characters");
    expect(await listKinds(path)).toEqual([]);
  });

  test("that is not possible says why, and does nothing", async () => {
    const { path } = await submitOpen();
    for (const change of ["resume", "unthrottle", "retry", "restore"]) {
      const answer = await anna.submit(`${path}/${change}`);
      expect(answer.status).toBe(409);
      expect(await answer.text()).toMatch(/is not possible\. (It|Its|Nothing|No) /);
    }
    expect(await listKinds(path)).toEqual([]);
    const nowhere = await anna.submit("/bulk-actions/1/cancel");
    expect(nowhere.status).toBe(404);
  });
});

test("a cancel ends what nobody works on, and the timeline names the operator", async () => {
  const { token, id, path } = await submitOpen();
  const answer = await anna.submit(`${path}/cancel`);
  expect([answer.status, answer.headers.get("location")]).toEqual([303, `/console${path}`]);
  expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
  const page = await anna.page(path);
  expect(page).toContain("Cancel requested by anna");
  expect(page).toContain("Ended: canceled");
  expect(await listKinds(path)).toEqual([["cancel", "anna", null]]);
  expect(await anna.page("/changes")).toContain("Cancel requested by anna");
});

test("a cancel that meets a lock of somebody else's session says so, and can be repeated", async () => {
  const { id, path } = await submitOpen();
  await using held = await lockRows(service.database, "bulk.bulk_actions", [id]);

  const refused = await anna.submit(`${path}/cancel`);
  expect([refused.status, await refused.text()]).toEqual([
    503,
    expect.stringContaining("another session held a lock"),
  ]);

  await held.release();
  expect((await anna.submit(`${path}/cancel`)).status).toBe(303);
});

test("a pause holds one bulk action with its reason until it is resumed, and no other", async () => {
  const { token, id, path } = await submitOpen();
  const other = await submitOpen();
  expect((await anna.submit(`${path}/pause`, { reason: "a <b>stock</b> take" })).status).toBe(303);
  expect((await anna.submit(`${path}/pause`)).status).toBe(409);
  const page = await ben.page(path);
  expect(page).toContain("Paused by anna: a &lt;b&gt;stock&lt;/b&gt; take.");
  expect(page).toContain('class="state paused"');
  const worker = await service.startWorker();
  await service.finished(other.token, other.id);
  expect(await ben.page("")).toContain("a &lt;b&gt;stock&lt;/b&gt; take");
  expect(await anna.page(path)).toContain("<b>0</b> of 30 records");
  expect((await anna.submit(`${path}/resume`)).status).toBe(303);
  await service.finished(token, id);
  await worker.stop();
  expect(await listKinds(path)).toEqual([
    ["pause", "anna", null],
    ["resume", "anna", null],
  ]);
});

test("a throttle is set for the type, shown, and removed", async () => {
  const { path } = await submitOpen();
  for (const wrong of ["", "0", "-1", "1e3", "9999999", "x"]) {
    const answer = await anna.submit(`${path}/throttle`, { records_per_second: wrong });
    expect(answer.status).toBe(422);
    const page = await answer.text();
    expect(page).toContain("Write a whole number from 1 to 1,000,000.");
    expect(page).toContain(`value="${wrong}"`);
  }
  expect((await anna.submit(`${path}/throttle`, { records_per_second: "250" })).status).toBe(303);
  await eventually(async () =>
    expect(await ben.page(path)).toContain("throttled to 250 records a second by anna."),
  );
  expect(await ben.page("")).toContain(
    "delete products together are throttled to 250 records a second by anna.",
  );
  await eventually(async () => expect((await anna.submit(`${path}/unthrottle`)).status).toBe(303));
  await eventually(async () => expect(await ben.page(path)).not.toContain("throttled to"));
});

test("a throttle of all types together is told on the page of each bulk action", async () => {
  const { path } = await submitOpen();
  await service.database.query(
    "INSERT INTO bulk.throttles (action_type, records_per_second, set_by) VALUES ('', 7000, 'carl')",
  );
  try {
    const words = "All types together are throttled to 7,000 records a second by carl.";
    expect(await ben.page(path)).toContain(words);
  } finally {
    await service.database.query("DELETE FROM bulk.throttles WHERE action_type = ''");
  }
});

describe("what holds or slows more than one bulk action", () => {
  test("is a wide pause, which its notice leads to, and which ends when an operator agrees", async () => {
    const { path } = await submitOpen(1_234);
    const accountId = await ownerOf(path);
    for (const [scope, subject] of [
      ["all", ""],
      ["account", accountId],
      ["action_type", "delete_products"],
      ["account", `${accountId} delete_products`],
    ] as const) {
      await insertPause(scope, subject, "a <b>sale</b>");
      const page = pausePage(scope, subject);
      const link = `href="/console${page.replaceAll("&", "&amp;")}">Resume`;
      await eventually(async () => {
        for (const shown of [await anna.page(path), await anna.page("")]) expect(shown).toContain(link);
        expect(await ben.page(path)).toContain("by carl: a &lt;b&gt;sale");
      });
      expect(await ben.page("")).not.toContain(link);
      expect(await ben.page("")).toContain("To end it: <code>pnpm admin resume --");
      for (const refused of [await ben.request(page), await ben.submit(page)])
        expect(refused.status).toBe(403);
      const asked = await anna.page(page);
      expect(asked).toMatch(/It concerns \d+ open bulk actions? with [\d,]+ records, and those to come\./);
      expect(asked).not.toContain("<b>sale");
      expect((await anna.submit(page, shownOn(asked))).status).toBe(303);
      expect(await anna.page("")).not.toContain(link);
      for (const gone of [await anna.request(page), await anna.submit(page)]) expect(gone.status).toBe(404);
    }
    expect(await service.database.query("SELECT FROM bulk.pauses")).toEqual([]);
    const entries = await service.database.query(
      "SELECT by, account_id, action_type, refusal FROM bulk.journal WHERE kind = 'resume' ORDER BY at DESC LIMIT 4",
    );
    const type = "delete_products";
    expect(entries).toEqual([
      { by: "anna", account_id: accountId, action_type: type, refusal: null },
      { by: "anna", account_id: null, action_type: type, refusal: null },
      { by: "anna", account_id: accountId, action_type: null, refusal: null },
      { by: "anna", account_id: null, action_type: null, refusal: null },
    ]);
    await anna.submit(`${path}/cancel`);
  });

  test("is a throttle, of one type or of all, which ends the same way", async () => {
    for (const type of ["", "delete_products"]) {
      await service.database.query(
        "INSERT INTO bulk.throttles (action_type, records_per_second, set_by) VALUES ($1, 7000, 'carl')",
        [type],
      );
      const page = `/throttles/remove?type=${type}`;
      await eventually(async () =>
        expect(await anna.page("")).toContain(`href="/console${page}">Remove throttle`),
      );
      expect((await ben.submit(page)).status).toBe(403);
      const asked = await anna.page(page);
      expect(asked).toContain("7,000 records a second by carl.");
      expect((await anna.submit(page, shownOn(asked))).status).toBe(303);
      expect((await anna.submit(page, shownOn(asked))).status).toBe(404);
    }
    expect(await service.database.query("SELECT FROM bulk.throttles")).toEqual([]);
  });

  test("is named exactly by the page's address: one that says less or more names nothing", async () => {
    const { id, path } = await submitOpen();
    const accountId = await ownerOf(path);
    await insertPause("all", "", "stop");
    await insertPause("account", `${accountId} delete_products ${id}`, "only this one");
    await service.database.query(
      "INSERT INTO bulk.throttles (action_type, records_per_second, set_by) VALUES ('', 7000, 'carl')",
    );
    for (const page of [
      ...["/pauses/resume", "/pauses/resume?scope=all", "/pauses/resume?scope=all&scope=all&subject="],
      ...[
        "/pauses/resume?acount=x",
        "/pauses/resume?scope=account&subject=",
        "/pauses/resume?scope=%00&subject=%00",
      ],
      pausePage("account", accountId),
      pausePage("account", `${accountId} delete_products`),
      pausePage("account", `${accountId} delete_products ${id}`),
      ...["/throttles/remove", "/throttles/remove?type=&type=", "/throttles/remove?type=delete_products"],
    ]) {
      for (const answer of [await anna.request(page), await anna.submit(page)]) {
        expect([page, answer.status]).toEqual([page, 404]);
      }
    }
    expect(await service.database.query("SELECT FROM bulk.pauses")).toHaveLength(2);
    await service.database.query("DELETE FROM bulk.pauses");
    await service.database.query("DELETE FROM bulk.throttles");
    await anna.submit(`${path}/cancel`);
  });

  test("stays if it was replaced since the operator looked, and ends once however often that is agreed to", async () => {
    const page = pausePage("action_type", "delete_products");
    await insertPause("action_type", "delete_products", "a sale");
    const seen = shownOn(await anna.page(page));
    await service.database.query(
      "UPDATE bulk.pauses SET reason = 'wrong data, do not resume', paused_by = 'dora'",
    );
    for (const form of [seen, {}]) {
      const answer = await anna.submit(page, form);
      expect([answer.status, await answer.text()]).toEqual([
        409,
        expect.stringContaining("It has changed since"),
      ]);
    }
    const now = shownOn(await anna.page(page));
    const answers = await Promise.all([1, 2, 3].map(() => anna.submit(page, now)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 404, 404]);
    const refusals = await service.database.query(
      "SELECT DISTINCT refusal FROM bulk.journal WHERE kind = 'resume' AND refusal IS NOT NULL",
    );
    expect(refusals).not.toContainEqual({ refusal: "failed" });
  });
});

function insertPause(scope: string, subject: string, reason: string) {
  return service.database.query(
    "INSERT INTO bulk.pauses (scope, subject, reason, paused_by) VALUES ($1, $2, $3, 'carl')",
    [scope, subject, reason],
  );
}

function pausePage(scope: string, subject: string): string {
  return `/pauses/resume?${new URLSearchParams({ scope, subject })}`;
}

/** What a page that asks sends to say what was agreed to. */
function shownOn(page: string): { readonly shown: string } {
  return { shown: /name="shown" value="([^"]+)"/.exec(page)?.[1] ?? "" };
}

async function ownerOf(path: string): Promise<string> {
  const id = path.replace("/bulk-actions/", "");
  const [row] = await service.database.query<{ id: string }>(
    "SELECT account_id AS id FROM bulk.bulk_actions WHERE id = $1",
    [id],
  );
  return row?.id ?? "";
}

test("what was canceled is retried, and what was deleted is restored, each linked to the other", async () => {
  const { token, id, path } = await submitOpen();
  await anna.submit(`${path}/cancel`);
  await service.finished(token, id);
  // No chunk of it was begun.
  expect(await ben.page(path)).toContain("0 of 3 chunks finished");
  const retried = await anna.submit(`${path}/retry`);
  expect(retried.status).toBe(303);
  const retryPath = String(retried.headers.get("location")).replace("/console", "");
  expect(retryPath).not.toBe(path);
  expect(await anna.page(path)).not.toContain(`${path}/retry`);
  const impatient = await anna.submit(`${path}/retry`);
  expect([impatient.status, await impatient.text()]).toEqual([
    409,
    expect.stringMatching(
      /A retry of it is open\.[\s\S]*href="\/console\/bulk-actions\/[\w-]{36}">To the bulk action/,
    ),
  ]);
  const worker = await service.startWorker();
  await service.finished(token, retryPath.replace("/bulk-actions/", ""));
  await eventually(async () =>
    expect(await ben.page(path)).toContain(`Retried by anna as <a href="/console${retryPath}"`),
  );
  expect(await (await anna.submit(`${path}/retry`)).text()).toContain("No record is left that failed");
  expect(await ben.page(retryPath)).toContain(`Retry of <a href="/console${path}">`);
  expect(await ben.page(retryPath)).toContain("Created by anna");
  expect(await anna.page(`${retryPath}/restore`)).toContain("brings back 30 records");
  await worker.stop();
  const restored = await anna.submit(`${retryPath}/restore`);
  expect(await (await anna.submit(`${retryPath}/restore`)).text()).toContain("A restore of it is open.");
  const another = await service.startWorker();
  const restorePath = String(restored.headers.get("location")).replace("/console", "");
  await service.finished(token, restorePath.replace("/bulk-actions/", ""));
  await another.stop();
  expect(await ben.page(restorePath)).toContain(`Restore of <a href="/console${retryPath}">`);
  await eventually(async () =>
    expect(await ben.page(retryPath)).toContain("30 records were brought back by restores."),
  );
  const again = await anna.submit(`${retryPath}/restore`);
  expect(again.status).toBe(409);
  // As after pruning.
  await service.database.query("DELETE FROM bulk.bulk_actions WHERE restore_of_id IS NOT NULL");
  expect(await ben.page("/changes")).toMatch(
    new RegExp(
      `Restore submitted by anna</th><td>[^<]*</td><td>restore products</td><td><a href="/console${restorePath}"`,
    ),
  );
});

test("a cancel that failed hides neither the one that was made nor who made it", async () => {
  const { token, id, path } = await submitOpen();
  const note =
    "INSERT INTO bulk.journal (kind, by, bulk_action_id, refusal) VALUES ('cancel', 'anna', $1, $2)";
  for (const refusal of ["SQLSTATE 55P03", "outcome_unknown"])
    await service.database.query(note, [id, refusal]);
  await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
  await service.finished(token, id);
  const page = await ben.page(path);
  expect(page).toContain("Cancel requested by anna · not done: SQLSTATE 55P03");
  expect(page).toContain("Cancel requested by anna · whether it was done is not known");
  expect(page).toContain("Canceled by ");
});

test("many changes hide nobody who submitted it, and the page says that there are more", async () => {
  const { id, path } = await submitOpen();
  await service.database.query("UPDATE bulk.bulk_actions SET created_by_token_id = NULL WHERE id = $1", [id]);
  await service.database.query(
    `INSERT INTO bulk.journal (at, kind, by, bulk_action_id)
     SELECT now() + n * interval '1 ms', CASE WHEN n = 0 THEN 'create' ELSE 'pause' END, 'carl', $1
     FROM generate_series(0, 60) AS n`,
    [id],
  );
  const page = await ben.page(path);
  expect(page).toContain("Created by carl");
  expect(page).toContain("Only the latest of its changes are listed here.");
});

test("the page of changes says what each is about", async () => {
  const { accountId } = await service.fillShop({}, "acme");
  await service.database.query(
    `INSERT INTO bulk.journal (kind, by, account_id, action_type)
     VALUES ('pause', 'one', $1, NULL), ('pause', 'two', NULL, 'delete_products'), ('pause', 'three', NULL, NULL)`,
    [accountId],
  );
  const page = await ben.page("/changes");
  expect(page).toMatch(/Paused by one<\/th><td>acme<\/td><td>all<\/td>/);
  expect(page).toMatch(/Paused by two<\/th><td>all<\/td><td>delete products<\/td>/);
  expect(page).toMatch(/Paused by three<\/th><td>all<\/td><td>all<\/td>/);
  expect((await ben.request("/changes?before=yesterday")).status).toBe(422);
});

test("a change that the journal cannot take is not made", async () => {
  const { path } = await submitOpen();
  await service.database.query("ALTER TABLE bulk.journal RENAME TO journal_away");
  try {
    expect((await anna.submit(`${path}/cancel`)).status).toBe(503);
  } finally {
    await service.database.query("ALTER TABLE bulk.journal_away RENAME TO journal");
  }
  expect(await anna.page(path)).toContain('class="state waiting"');
});

async function listKinds(path: string): Promise<readonly (readonly unknown[])[]> {
  const rows = await service.database.query<{ kind: string; by: string; refusal: string | null }>(
    "SELECT kind, by, refusal FROM bulk.journal WHERE bulk_action_id = $1 ORDER BY at",
    [path.replace("/bulk-actions/", "")],
  );
  return rows.map(({ kind, by, refusal }) => [kind, by, refusal]);
}
