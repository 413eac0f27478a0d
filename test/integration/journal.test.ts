import { randomUUID } from "node:crypto";
import { RequestError } from "@bulk/domain/errors/request-error";
import {
  insertEntry,
  type JournalEntry,
  type JournalKind,
  type NewEntry,
  noteInJournal,
  pruneJournal,
} from "@bulk/store/journal/journal";
import { listJournal, listJournalOf } from "@bulk/store/journal/list-journal";
import { notePhaseBegun, notePhaseEnded, type Phase } from "@bulk/store/journal/note-phase";
import { recordChange } from "@bulk/store/journal/record-change";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openServiceDatabase } from "../support/service-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let shop: TestDatabase;
let opened: ReturnType<typeof openServiceDatabase>;

beforeAll(async () => {
  shop = await createTestDatabase();
  opened = openServiceDatabase(shop.serviceUrl);
});

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
  await shop.dispose();
});

beforeEach(async () => {
  await shop.query("TRUNCATE bulk.journal");
});

describe("a change", () => {
  test("is written down before it is made, as of unknown outcome", async () => {
    const seen = await recordChange(opened.database, { kind: "pause", by: "ada" }, () => list());

    expect(seen).toMatchObject([{ kind: "pause", by: "ada", refusal: "outcome_unknown" }]);
    expect(await list()).toMatchObject([{ kind: "pause", refusal: null }]);
  });

  test("is not made if it cannot be written down", async () => {
    let isMade = false;
    await shop.query("ALTER TABLE bulk.journal RENAME TO gone");
    const refused = recordChange(opened.database, { kind: "cancel", by: "ada" }, async () => {
      isMade = true;
    });

    await expect(refused).rejects.toThrow();
    await shop.query("ALTER TABLE bulk.gone RENAME TO journal");
    expect(isMade).toBe(false);
  });

  test("that is refused keeps the code of the refusal, without its message", async () => {
    const refusal = new RequestError("not_found", "pause.not_found", "There is no pause of Ada's.");
    const change = { kind: "resume", by: "ada" } as const;

    await expect(recordChange(opened.database, change, () => Promise.reject(refusal))).rejects.toBe(refusal);
    const sql = opened.database.$queryRawUnsafe("SELECT 1 / 0");
    await expect(recordChange(opened.database, change, () => sql)).rejects.toThrow();
    const surprise = recordChange(opened.database, change, () => Promise.reject(new Error("Who is Ada?")));
    await expect(surprise).rejects.toThrow("Who is Ada?");

    const refusals = (await list()).map((entry) => entry.refusal);
    expect(new Set(refusals)).toEqual(new Set(["pause.not_found", "SQLSTATE 22012", "failed"]));
  });

  test("is told and stays of unknown outcome if its end cannot be written down", async () => {
    const outcome = await recordChange(opened.database, { kind: "purge", by: "ada" }, async () => {
      await shop.query("ALTER TABLE bulk.journal RENAME TO gone");
      return "purged";
    });
    await shop.query("ALTER TABLE bulk.gone RENAME TO journal");

    expect(outcome).toBe("purged");
    expect(await list()).toMatchObject([{ kind: "purge", refusal: "outcome_unknown" }]);
  });

  test("names the bulk action that came of it", async () => {
    const id = randomUUID();
    await recordChange(
      opened.database,
      { kind: "create", by: "ada" },
      async () => ({ id }),
      (created) => created.id,
    );
    expect(await list()).toMatchObject([{ kind: "create", bulkActionId: id, refusal: null }]);
  });

  test("keeps no more of a text than 200 characters of who and 500 of what", async () => {
    await note({ kind: "pause", by: "ä".repeat(1_000), detail: "💥".repeat(1_000) });
    const [entry] = await list();
    expect([entry?.by, entry?.detail]).toEqual(["ä".repeat(200), "💥".repeat(500)]);
  });
});

describe("the journal of a bulk action", () => {
  const bulkAction = {
    ...{ id: randomUUID(), accountId: randomUUID(), actionType: "delete_products" },
    ...{ createdAt: at("12:00"), finishedAt: at("13:00") },
  };
  const { id: bulkActionId, accountId, actionType } = bulkAction;

  test("has what named it and what held for its account and type while it was open, oldest first", async () => {
    await noteAt("12:10", { kind: "pause", by: "everything" });
    await noteAt("12:11", { kind: "pause", by: "its account", accountId });
    await noteAt("12:12", { kind: "throttle", by: "its type", actionType });
    await noteAt("12:13", { kind: "pause", by: "its account and type", accountId, actionType });
    await noteAt("12:14", { kind: "pause", by: "another account", accountId: randomUUID(), actionType });
    await noteAt("12:15", { kind: "hold", by: "another type", actionType: "delete_customers" });
    await noteAt("12:16", { kind: "cancel", by: "another one", bulkActionId: randomUUID(), accountId });
    await noteAt("12:17", { kind: "brake", by: "the brake" });
    await noteAt("13:01", { kind: "release", by: "after it" });
    await noteAt("14:00", { kind: "restore", by: "itself, afterwards", bulkActionId, accountId, actionType });

    const entries = await listJournalOf(opened.database, bulkAction, 10);
    expect(entries.map(({ by }) => by)).toEqual([
      ...["everything", "its account", "its type", "its account and type", "the brake"],
      "itself, afterwards",
    ]);
    const open = await listJournalOf(opened.database, { ...bulkAction, finishedAt: null }, 10);
    expect(open.map(({ by }) => by)).toContain("after it");
  });

  test("has what began before its creation and lasted, and nothing that had ended or was refused", async () => {
    await noteAt("11:01", { kind: "throttle", by: "replaced", actionType });
    await noteAt("11:02", { kind: "throttle", by: "its type", actionType });
    await noteAt("11:03", { kind: "throttle", by: "another type", actionType: "delete_customers" });
    await noteAt("11:04", { kind: "unthrottle", by: "another type", actionType: "delete_customers" });
    await noteAt("11:05", { kind: "pause", by: "everything" });
    await noteAt("11:06", { kind: "resume", by: "everything" });
    await noteAt("11:07", { kind: "pause", by: "its account", accountId });
    await noteAt("11:08", { kind: "pause", by: "its account and type", accountId, actionType });
    await noteAt("11:09", { kind: "pause", by: "another account", accountId: randomUUID() });
    await noteAt("11:10", {
      kind: "pause",
      by: "another one",
      bulkActionId: randomUUID(),
      accountId,
      actionType,
    });
    await noteAt("11:11", { kind: "brake", by: "the brake" });
    await noteAt("11:12", { kind: "throttle", by: "everything" });
    const [resume, unthrottle] = [{ kind: "resume", accountId }, { kind: "unthrottle" }] as const;
    await insertEntry(opened.database, { ...resume, by: "not done" }, "failed");
    await insertEntry(opened.database, { ...unthrottle, by: "who knows" }, "outcome_unknown");
    await shop.query("UPDATE bulk.journal SET at = $1 WHERE at > now() - interval '1 hour'", [at("11:13")]);
    await noteAt("12:30", { kind: "release", by: "the brake" });

    const entries = await listJournalOf(opened.database, bulkAction, 10);
    expect(entries.map(({ kind, by }) => `${kind} ${by}`)).toEqual([
      ...["throttle its type", "pause its account", "pause its account and type"],
      "release the brake",
    ]);
  });

  test("has the newest of each kind, so that many of one do not hide another", async () => {
    await noteAt("12:01", { kind: "cancel", by: "itself", bulkActionId });
    await noteAt("12:02", { kind: "pause", by: "everything" });
    for (const minute of [10, 11, 12, 13]) await noteAt(`12:${minute}`, { kind: "brake", by: `${minute}` });

    const entries = await listJournalOf(opened.database, bulkAction, 2);
    expect(entries.map(({ by }) => by)).toEqual(["itself", "everything", "12", "13"]);
  });
});

describe("the journal of all changes", () => {
  test("is read in pages, newest first, which new entries do not shift", async () => {
    // Some of the same millisecond.
    for (const minute of [1, 1, 1, 2, 3]) await noteAt(`12:0${minute}`, { kind: "pause", by: "ada" });
    const first = await listJournal(opened.database, { limit: 2 });
    await note({ kind: "resume", by: "later" });
    const second = await listJournal(opened.database, { limit: 2, before: first.at(-1) });
    const third = await listJournal(opened.database, { limit: 2, before: second.at(-1) });
    const fourth = await listJournal(opened.database, { limit: 2, before: third.at(-1) });

    expect(new Set([...first, ...second, ...third].map(({ id }) => id)).size).toBe(5);
    expect(fourth).toEqual([]);
  });

  test("loses what is older than the retention, in steps", async () => {
    await shop.query(
      `INSERT INTO bulk.journal (at, kind, by)
       SELECT now() - interval '31 days', 'pause', 'old' FROM generate_series(1, 1500)`,
    );
    await note({ kind: "pause", by: "young" });

    await pruneJournal(opened.database, 30);
    expect(await list()).toHaveLength(501);
    await pruneJournal(opened.database, 30);
    expect(await list()).toMatchObject([{ by: "young" }]);
  });
});

describe("a time in which workers are slow or hold an action type", () => {
  const brake: Phase = { kind: "brake", by: "the brake", detail: "others use the database" };

  test("has a beginning and an end, and goes on if it is interrupted for less than a minute", async () => {
    await notePhaseBegun(opened.database, brake);
    await notePhaseEnded(opened.database, brake);
    expect(await listKinds()).toEqual(["brake", "release"]);

    await notePhaseBegun(opened.database, brake);
    expect(await listKinds()).toEqual(["brake"]);
    await notePhaseEnded(opened.database, brake);

    await shop.query("UPDATE bulk.journal SET at = at - interval '1 minute'");
    await notePhaseBegun(opened.database, brake);
    expect(await listKinds()).toEqual(["brake", "brake", "release"]);
  });

  test("is one of each action type", async () => {
    const hold: Phase = { kind: "hold", by: "the safety catch", actionType: "delete_products" };
    await notePhaseBegun(opened.database, hold);
    await notePhaseEnded(opened.database, hold);
    await notePhaseBegun(opened.database, { ...hold, actionType: "delete_customers" });
    expect(await listKinds()).toEqual(["hold", "hold", "let_go"]);
  });
});

function note(entry: NewEntry): Promise<void> {
  return noteInJournal(opened.database, entry);
}

async function noteAt(time: string, entry: NewEntry): Promise<void> {
  await note(entry);
  await shop.query("UPDATE bulk.journal SET at = $1 WHERE at > now() - interval '1 minute'", [at(time)]);
}

function at(time: string): Date {
  return new Date(`2026-01-01T${time}Z`);
}

function list(): Promise<readonly JournalEntry[]> {
  return listJournal(opened.database, { limit: 1_000 });
}

/** By name: entries may be of the same millisecond. */
async function listKinds(): Promise<readonly JournalKind[]> {
  return (await list()).map(({ kind }) => kind).toSorted();
}
