import { SERVICE_SCHEMA } from "@bulk/postgres/service-schema";
import { MigrationError } from "./migration-error.ts";
import { withoutTrace } from "./migration-history.ts";
import { loadSchema, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";
import { FILTER, withSchemaEngine } from "./schema-engine.ts";

/**
 * Returns the statements that add what schema.prisma has and the database lacks or has differently; empty when nothing is
 * missing. Changes nothing and needs no second database, so it is safe on a database in use.
 *
 * Objects that only the database has are ignored, such as an emergency index. `findDrift` reports both.
 *
 * @throws MigrationError with the database's message, also when a table stays locked for four seconds
 */
export async function findMissingSchema(
  databaseUrl: string,
  { directory = PRISMA_DIRECTORY }: PrismaDirectoryOptions = {},
): Promise<readonly string[]> {
  const files = [{ path: "schema.prisma", content: await loadSchema(directory) }];
  const { stdout } = await withSchemaEngine({ databaseUrl, statementTimeoutMs: 4_000 }, (engine) =>
    engine.diff({
      from: { tag: "schemaDatasource", files, configDir: "" },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: FILTER,
    }),
  ).catch(refuse);
  return listStatements(stdout ?? "")
    .flatMap((statement) => withoutDrops(statement) ?? [])
    .map(qualify);
}

function refuse(error: unknown): never {
  const message = error instanceof Error ? withoutTrace(error.message) : String(error);
  throw new MigrationError(message, { cause: error });
}

// A comment such as `-- CreateIndex` precedes each statement of the engine's script.
function listStatements(script: string): readonly string[] {
  return script
    .split(/^-- .*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

function withoutDrops(statement: string): string | undefined {
  if (statement.startsWith("DROP ")) return undefined;
  const [, table, clauses] = /^(ALTER TABLE (?:"[^"]+"\.)?"[^"]+") ([\s\S]*);$/.exec(statement) ?? [];
  if (table === undefined || clauses === undefined) return statement;
  const kept = clauses.split(/,\s*\n/).filter((clause) => !clause.startsWith("DROP "));
  return kept.length === 0 ? undefined : `${table} ${kept.join(", ")};`;
}

// The engine leaves out the schema, which is not on the search path of who runs this.
function qualify(statement: string): string {
  return statement.replace(
    /\b(TABLE|INDEX|ON|REFERENCES) "(?!bulk"\.)/g,
    (words, word: string, offset: number) => {
      // A new index is in the schema of its table.
      const isNewIndex = word === "INDEX" && /CREATE (UNIQUE )?$/.test(statement.slice(0, offset));
      return isNewIndex ? words : `${word} "${SERVICE_SCHEMA}"."`;
    },
  );
}
