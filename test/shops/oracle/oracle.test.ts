import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/test-database.ts";
import type { DeclaredRecord } from "../declaration.ts";
import { withClient } from "../with-client.ts";
import { carryOut, carryOutSlice, type OracleRun } from "./oracle.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(HOST);
});

afterAll(() => database.dispose());

test("a record is changed with what belongs to it, or left as it was, and each id has its outcome", async () => {
  const outcomes = await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    const result = await carryOut(
      client,
      {
        ...{
          declared: PRODUCT,
          accountKey: "7",
          actionId: "the action",
          moment: "2001-02-03 04:05:06.007+00",
        },
        action: PRODUCT.actions["delete_products"] ?? { effect: "", steps: [] },
      },
      [
        "plain",
        "foreign",
        "unknown",
        "marked",
        "on-line",
        "held",
        "child-held",
        "parent",
        "refused",
        "plain",
      ],
    );
    await client.query("COMMIT");
    return result;
  });

  expect(Object.fromEntries(outcomes)).toEqual({
    ...{ plain: "applied", parent: "applied" },
    ...{ foreign: "record.not_found", unknown: "record.not_found", marked: "record.not_found" },
    ...{
      "on-line": "record.in_use",
      held: "record.kept",
      "child-held": "record.kept",
      refused: "record.conflict",
    },
  });
  const products = await database.query(
    `SELECT id, gone::text, gone_by, parent FROM host.product WHERE gone = '2001-02-03 09:35:06.007' OR parent IS NOT NULL
     ORDER BY id`,
  );
  expect(products).toEqual([
    { id: "parent", gone: "2001-02-03 09:35:06.007", gone_by: "the action", parent: null },
    { id: "plain", gone: "2001-02-03 09:35:06.007", gone_by: "the action", parent: null },
  ]);
  expect(await database.query("SELECT id, hidden FROM host.variant ORDER BY id")).toEqual([
    { id: 1, hidden: true },
    { id: 2, hidden: false },
    { id: 3, hidden: false },
    { id: 4, hidden: false },
  ]);
  const prices = await database.query("SELECT variant, nr FROM host.price ORDER BY variant, nr");
  expect(prices).toEqual([{ variant: 3, nr: 1 }]);
});

test("records that the service changes in one statement are changed at once, each as a record", async () => {
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await client.query(FAMILY);
    const apart = await carryOut(client, FAMILY_RUN, ["a", "b"]);
    expect(Object.fromEntries(apart)).toEqual({ a: "record.internal_error", b: "applied" });
    await client.query("ROLLBACK");

    await client.query("BEGIN");
    await client.query(FAMILY);
    const slice = { ids: ["a", "b", "gone"], applied: new Set(["a", "b", "gone"]) };
    const together = await carryOutSlice(client, FAMILY_RUN, slice);
    expect(Object.fromEntries(together)).toEqual({ a: "applied", b: "applied", gone: "record.not_found" });
    expect((await client.query("SELECT id FROM public.person WHERE gone ORDER BY id")).rows).toEqual([
      ...[{ id: "a" }, { id: "b" }, { id: "gone" }],
    ]);
    await client.query("ROLLBACK");
  });
});

test("what is deleted from the records' own table may refer to each other in a circle", async () => {
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await client.query(FAMILY);
    const steps = [{ delete: "children" }, { delete: "record" }];
    const run = { ...FAMILY_RUN, action: { effect: "deleted", steps } };
    expect(Object.fromEntries(await carryOut(client, run, ["x", "y"]))).toEqual({
      ...{ x: "applied", y: "record.not_found" },
    });
    await client.query("ROLLBACK");
  });
});

test("the record decides first: its own trigger comes before a foreign key of rows that belong to it", async () => {
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await client.query(FAMILY);
    await client.query(`CREATE TABLE public.pet (id text PRIMARY KEY, owner text);
      CREATE TABLE public.tag (pet text REFERENCES public.pet ON DELETE RESTRICT);
      INSERT INTO public.pet VALUES ('cat', 'b'), ('dog', 'a'); INSERT INTO public.tag VALUES ('cat'), ('dog')`);
    const steps = [{ delete: "pets" }, { delete: "record" }];
    const run = {
      ...{ ...FAMILY_RUN, action: { effect: "deleted", steps } },
      declared: { ...FAMILY_RUN.declared, related: { pets: { table: "pet", on: { owner: "id" } } } },
    };
    expect(Object.fromEntries(await carryOut(client, run, ["a", "b"]))).toEqual({
      ...{ a: "record.conflict", b: "record.internal_error" },
    });
    await client.query("ROLLBACK");
  });
});

test("a row that a trigger keeps is kept, even if a foreign key would not let go of its parent", async () => {
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await client.query(FAMILY);
    await client.query(`CREATE OR REPLACE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RETURN CASE WHEN OLD.id = 'b' THEN NULL ELSE OLD END; END $$`);
    const steps = [{ delete: "children" }, { delete: "record" }];
    const run = { ...FAMILY_RUN, action: { effect: "deleted", steps } };
    expect(Object.fromEntries(await carryOut(client, run, ["a"]))).toEqual({ a: "record.kept" });
    await client.query("ROLLBACK");
  });
});

// `b` is a child of `a`, and cannot be deleted. `x` and `y` are children of each other.
const FAMILY = `
  CREATE TABLE public.person (id text PRIMARY KEY, parent text, gone boolean NOT NULL DEFAULT false);
  INSERT INTO public.person (id, parent) VALUES ('a', NULL), ('b', 'a'), ('x', 'y'), ('y', 'x'), ('gone', NULL);
  UPDATE public.person SET gone = true WHERE id = 'gone';
  ALTER TABLE public.person ADD FOREIGN KEY (parent) REFERENCES public.person ON DELETE RESTRICT;
  CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF OLD.id = 'b' THEN RAISE EXCEPTION 'held'; END IF; RETURN OLD; END $$;
  CREATE TRIGGER hold BEFORE DELETE ON public.person FOR EACH ROW EXECUTE FUNCTION public.hold();`;

const FAMILY_RUN: OracleRun = {
  declared: {
    ...{ table: "person", key: { column: "id", type: "text" }, account: "none", alive: "NOT gone" },
    ...{ related: { children: { table: "person", on: { parent: "id" } } }, actions: {} },
  },
  action: { effect: "gone", steps: [{ delete: "children" }, { update: "record", set: { gone: true } }] },
  ...{ accountKey: "7", actionId: "the action", moment: "2001-02-03 04:05:06.007+00" },
};

const PRODUCT: DeclaredRecord = {
  ...{ schema: "host", table: "product", key: { column: "id", type: "text" } },
  ...{ account: { column: "store", type: "integer" }, alive: "gone IS NULL" },
  related: {
    variants: { table: "variant", on: { product: "id" }, where: "NOT hidden" },
    prices: { table: "price", of: "variants", on: { variant: "id" } },
    children: { table: "product", on: { parent: "id" } },
    lines: { table: "line", of: "variants", on: { variant: "id" } },
    tickets: { table: "ticket", on: { product: "id" } },
  },
  actions: {
    delete_products: {
      effect: "deleted",
      steps: [
        { delete: "prices" },
        { update: "variants", set: { hidden: true } },
        { update: "children", set: { parent: null } },
        { delete: "tickets" },
        { update: "record", set: { gone: { now: "Asia/Kolkata" }, gone_by: { bulk_action: "id" } } },
      ],
      protections: [{ code: "record.in_use", message: "It is on an order line.", related: "lines" }],
    },
  },
};

const HOST = `
  CREATE SCHEMA host;
  CREATE TABLE host.product (id text PRIMARY KEY, store integer, gone timestamp, gone_by text, parent text, held boolean);
  CREATE TABLE host.variant (id integer PRIMARY KEY, product text, hidden boolean, held boolean);
  CREATE TABLE host.price (variant integer, nr integer, PRIMARY KEY (variant, nr));
  CREATE TABLE host.line (id integer PRIMARY KEY, variant integer);
  CREATE TABLE host.ticket (id integer PRIMARY KEY, product text);
  CREATE TABLE host.stub (ticket integer REFERENCES host.ticket DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO host.product (id, store) VALUES ('plain', 7), ('foreign', 8), ('marked', 7), ('on-line', 7), ('held', 7),
    ('child-held', 7), ('parent', 7), ('child', 7), ('refused', 7);
  UPDATE host.product SET gone = '2000-01-01' WHERE id = 'marked';
  UPDATE host.product SET held = true WHERE id = 'held';
  UPDATE host.product SET parent = 'parent' WHERE id = 'child';
  INSERT INTO host.variant (id, product, hidden, held) VALUES (1, 'plain', false, false), (2, 'on-line', false, false),
    (3, 'held', false, false), (4, 'child-held', false, true);
  INSERT INTO host.price VALUES (1, 1), (1, 2), (3, 1);
  INSERT INTO host.line VALUES (1, 2);
  INSERT INTO host.ticket VALUES (1, 'refused'), (2, 'plain');
  INSERT INTO host.stub VALUES (1);
  CREATE FUNCTION host.hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RETURN CASE WHEN OLD.held THEN NULL ELSE NEW END; END $$;
  CREATE TRIGGER hold BEFORE UPDATE ON host.product FOR EACH ROW EXECUTE FUNCTION host.hold();
  CREATE TRIGGER hold BEFORE UPDATE ON host.variant FOR EACH ROW EXECUTE FUNCTION host.hold();`;
