import { loadSchema, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";
import { FILTER, type SchemaEngine, toMigrationList, withSchemaEngine } from "./schema-engine.ts";
import { withScratchDatabase } from "./scratch-database.ts";

/**
 * Returns the SQL that turns the tables of a database into those of schema.prisma; empty when they agree. Compares the
 * schema `bulk` only, and only what schema.prisma can express: no check constraints, functions or storage parameters.
 *
 * Builds schema.prisma in a scratch database on the same server and compares the two, because PostgreSQL
 * rewrites predicates (`status IN ('a')` becomes `status = ANY (ARRAY['a'::text])`), so that the text of a
 * partial index would always differ from that in schema.prisma.
 *
 * @throws MigrationError when the server cannot be reached or the user may not create databases
 */
export function findDrift(databaseUrl: string, options: PrismaDirectoryOptions = {}): Promise<string> {
  return withScratchDatabase(databaseUrl, async (shadowDatabaseUrl) => {
    const schema = await loadSchema(options.directory ?? PRISMA_DIRECTORY);
    return withSchemaEngine({ databaseUrl, shadowDatabaseUrl }, (engine) => compare(engine, schema));
  });
}

async function compare(engine: SchemaEngine, schema: string): Promise<string> {
  const files = [{ path: "schema.prisma", content: schema }];
  const built = await engine.diff({
    from: { tag: "empty" },
    to: { tag: "schemaDatamodel", files },
    script: true,
    exitCode: null,
    filters: FILTER,
  });
  const { exitCode, stdout } = await engine.diff({
    from: { tag: "schemaDatasource", files, configDir: "" },
    to: { tag: "migrations", ...toMigrationList([{ name: "schema", script: built.stdout ?? "" }]) },
    script: true,
    exitCode: true,
    filters: FILTER,
  });
  // 2: they differ. When they agree, the script is a comment.
  return exitCode === 2 ? (stdout ?? "") : "";
}
