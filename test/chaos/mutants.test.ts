import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { copyTree } from "../support/copy-tree.ts";

const run = promisify(execFile);

type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly original: string;
  readonly broken: string;
  /** What the checker has to say; by default anything. */
  readonly sentence?: RegExp;
};

const FAST_STATEMENT =
  "  const [report] = await queryDirectly<ChunkReport>(database, composeFastStatement(source, effect));";

// Those that ignore the generation only make lanes double, which the model test sees: test/model/mutants.ts.
const MUTANTS: readonly Mutant[] = [
  {
    name: "records are deleted in one transaction and their outcomes written in another",
    file: "packages/store/src/chunks/apply-chunk.ts",
    original: FAST_STATEMENT,
    broken: `
  const isHealthy = sql\`chunk.attempts = 0 AND chunk.slice_size IS NULL\`;
  const claimed = claim({ source, condition: isHealthy, type: effect.key.type });
  await database.$queryRaw\`
    WITH claimed AS (\${claimed}),
    chunk_records AS (
      SELECT claimed.account_key AS bulk_account_key, slice.record_id AS bulk_record_id
      FROM claimed CROSS JOIN unnest(claimed.slice) AS slice (record_id)),
    applied AS (\${applying(effect)})
    SELECT count(*)::int FROM applied\`;
  const [report] = await queryDirectly<ChunkReport>(database, composeFastStatement(source, effect));`,
  },
  {
    name: "a bulk action is settled while chunks are open",
    file: "packages/store/src/bulk-actions/settle.ts",
    original: "AND tally.unfinished = 0",
    broken: "",
  },
  {
    name: "records of other accounts are deleted",
    file: "packages/records/src/compile/compile-conditions.ts",
    original: "    isOfAccount(record),\n",
    broken: "",
  },
  {
    name: "what a cancel left over does not count for the status",
    file: "packages/store/src/bulk-actions/settle.ts",
    original: " OR tally.done < record_count",
    broken: "",
  },
  {
    name: "ids are lost between two chunks",
    file: "packages/store/src/bulk-actions/insert-chunks.ts",
    original: "submitted.ids[position + 1 :",
    broken: "submitted.ids[position + CASE position WHEN 0 THEN 1 ELSE 2 END :",
  },
  {
    name: "a restore forgets the references to what it brings back",
    file: "packages/records/src/compile/restore/restore-related.ts",
    original: "      ...detached.flatMap((step) => reattach(record, step, tableNamed(nameTarget(step)))),\n",
    broken: "",
    sentence: /of public.orders is not as the shop wrote it/,
  },
  {
    name: "a restore takes once more what an earlier one has brought back",
    file: "packages/store/src/bulk-actions/restoring/restorable-records.ts",
    original: "is_changed AND NOT is_restored AND",
    broken: "is_changed AND",
    sentence: /asked for and to be restored were/,
  },
  {
    name: "what a restore needs is kept in another transaction",
    file: "packages/store/src/chunks/apply-chunk.ts",
    original: FAST_STATEMENT,
    broken: `
  const { report, kept } = await database.$transaction(async (transaction) => {
    const [report] = await transaction.$queryRaw<ChunkReport[]>(composeFastStatement(source, effect));
    const kept = await transaction.$queryRaw<{ line: string }[]>\`
      DELETE FROM bulk.kept_rows
      WHERE bulk_action_id = \${source.bulkActionId}::uuid AND position = \${report?.position ?? -1}
      RETURNING to_json(kept_rows)::text AS line\`;
    return { report, kept };
  });
  for (const { line } of kept) {
    await database.$executeRaw\`
      INSERT INTO bulk.kept_rows SELECT * FROM json_populate_record(NULL::bulk.kept_rows, \${line}::json)\`;
  }`,
    sentence: /kept rows of its chunk .* in which it wrote no outcome down/,
  },
];

describe("pnpm chaos catches a service in which, on purpose,", () => {
  test.each(MUTANTS)("$name", { timeout: 600_000 }, async ({ file, original, broken, sentence = /./ }) => {
    await using copy = await copyTree();
    const path = join(copy.directory, file);
    const source = await readFile(path, "utf8");
    expect(source).toContain(original);
    await writeFile(path, source.replace(original, broken));
    const report = join(copy.directory, "report.json");

    const ending = await run(
      process.execPath,
      ["test/chaos/main.ts", "--seconds", "10", "--seed", "1", "--json", report],
      { cwd: copy.directory },
    ).catch((error: unknown) => error);

    expect(ending).toMatchObject({ code: 1 });
    const { violations } = JSON.parse(await readFile(report, "utf8")) as {
      violations: readonly string[];
    };
    expect(violations).toContainEqual(expect.stringMatching(sentence));
  });
});
