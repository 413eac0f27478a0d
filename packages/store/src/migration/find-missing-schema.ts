import { MigrationError } from "./migration-error.ts";
import { withoutTrace } from "./migration-history.ts";
import { loadSchema, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";
import { NO_FILTER, withSchemaEngine } from "./schema-engine.ts";

/**
 * The statements that would give a database what schema.prisma has and the database has not, or has otherwise;
 * empty when all is there. Changes nothing and needs no second database, so it may be asked of one in use.
 *
 * What only the database has is not told of: it may hold a whole shop beside our tables. `findDrift`, which
 * builds the schema elsewhere, tells of both.
 *
 * @throws MigrationError with what the database says, also when somebody keeps a table locked for four seconds
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
      filters: NO_FILTER,
    }),
  ).catch(refuse);
  return listStatements(stdout ?? "").flatMap((statement) => withoutDrops(statement) ?? []);
}

function refuse(error: unknown): never {
  const message = error instanceof Error ? withoutTrace(error.message) : String(error);
  throw new MigrationError(message, { cause: error });
}

// Every statement of the engine's script has a line above it that says what it is, such as `-- CreateIndex`.
function listStatements(script: string): readonly string[] {
  return script
    .split(/^-- .*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

function withoutDrops(statement: string): string | undefined {
  if (statement.startsWith("DROP ")) return undefined;
  const [, table, clauses] = /^(ALTER TABLE "[^"]+") ([\s\S]*);$/.exec(statement) ?? [];
  if (table === undefined || clauses === undefined) return statement;
  const kept = clauses.split(/,\s*\n/).filter((clause) => !clause.startsWith("DROP "));
  return kept.length === 0 ? undefined : `${table} ${kept.join(", ")};`;
}
