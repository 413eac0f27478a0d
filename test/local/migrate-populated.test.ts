import { afterEach, beforeEach, expect, test } from "vitest";
import { dumpHost } from "../support/catalog-dump.ts";
import { installFormer } from "../support/former-installation.ts";
import { startProgram } from "../support/program.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase("own");
  await database.query("DROP SCHEMA bulk, bullmq, public CASCADE; CREATE SCHEMA public");
});

afterEach(() => database.dispose());

test("pnpm migrate on a populated database changes nothing outside bulk and bullmq, and says so", async () => {
  await database.query(HOST);
  const before = await dumpHost(database);
  expect(before.length).toBeGreaterThan(30);

  expect(await runMigrate()).toMatch(
    /^Applied \d+_schema_bulk\n(Applied \w+\n)+Nothing outside the schemas bulk and bullmq was created or changed\.\n$/,
  );
  expect(await dumpHost(database)).toEqual(before);
  expect(await runMigrate()).toMatch(
    /^No migration is missing.*\nNothing outside .* was created or changed\.\n$/,
  );
  expect(await dumpHost(database)).toEqual(before);
  const schemas = await database.query(
    "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|information_schema' ORDER BY 1",
  );
  expect(schemas.map(({ nspname }) => nspname)).toEqual(["bulk", "bullmq", "public", "shop"]);
});

test("pnpm migrate says what it moved of an earlier version, and what is to be done then", async () => {
  await installFormer(database.url, "0.3", "shop");
  const output = await runMigrate();
  expect(output).toContain("Moved the service's tables from the schema shop to the schema bulk");
  expect(output).toContain("grant its rights again: pnpm admin grants");
  expect(output).toMatch(/Applied \d+_schema_bulk\nApplied \d+_keys\n/);
});

async function runMigrate(): Promise<string> {
  await using program = startProgram("packages/local/src/migrate.ts", { DATABASE_URL: database.url });
  expect(await program.exited()).toEqual({ code: 0, signal: null });
  return program.output();
}

// Names that are ours in another schema, and what a careless migration would touch.
const HOST = `
  CREATE SCHEMA shop;
  CREATE TABLE shop.accounts (id serial PRIMARY KEY, name text UNIQUE);
  CREATE TABLE public.accounts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Odd name" text DEFAULT now()::text);
  CREATE TABLE public._prisma_migrations (id text PRIMARY KEY, checksum text, finished_at timestamptz,
    migration_name text, logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int);
  INSERT INTO public._prisma_migrations VALUES ('1', 'x', now(), '20200101000000_theirs', NULL, NULL, now(), 1);
  CREATE TABLE public.products (id serial PRIMARY KEY, owner bigint REFERENCES public.accounts ON DELETE CASCADE);
  INSERT INTO public.accounts ("Odd name") VALUES ('a'), ('b');
  INSERT INTO public.products (owner) SELECT id FROM public.accounts;
  CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER note BEFORE UPDATE ON public.products FOR EACH ROW EXECUTE FUNCTION public.note();
  CREATE VIEW shop.names AS SELECT name FROM shop.accounts;
  ALTER TABLE public.products ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON public.products USING (true);
  GRANT SELECT ON public.products TO PUBLIC;`;
