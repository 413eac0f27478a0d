import type { KeyType } from "@bulk/domain/keys/key-type";
import { type Sql, sql, written } from "@bulk/store/sql";
import type { Variant } from "./gated-database.ts";
import type { ModelHost } from "./hosts/model-host.ts";

/** The service as it is, except that no careful try waits a quarter of a second for a lock. */
export const asBuilt: Variant = replacing("lock_timeout = 250", "lock_timeout = 20");

const ACCOUNT = /AND "\w+"\."\w+"::text = chunk_records.bulk_account_key\n/;

/** The service, broken on purpose in one place; what is broken is the name. */
export const MUTANTS: ReadonlyMap<string, Variant> = new Map<string, Variant>([
  ["records are deleted in one transaction and their outcomes written in another", inTwoTransactions("uuid")],
  ["records of other accounts are deleted", replacing(ACCOUNT, "\n")],
  ["a chunk is claimed without its lock", replacing("FOR UPDATE OF chunk SKIP LOCKED", "")],
  [
    "a turn of an old generation works on",
    replacing("bulk_action.generation = ", "bulk_action.generation >= "),
  ],
  ["a slice begins at the front of its chunk", replacing("free.done_count + 1", "0 * free.done_count + 1")],
  ["a bulk action is settled while chunks are open", replacing("AND tally.unfinished = 0", "")],
  ["a bulk action is settled twice", replacing("status IN ('pending', 'processing') AND tally", "tally")],
  ["failed records do not count for the status", replacing("tally.failed > 0", "tally.failed < 0")],
  ["what a trigger keeps is called not found", replacing("'record.kept'", "'record.not_found'")],
  [
    "records in use do not count for the status",
    replacing(/AND NOT ARRAY\(.*\) <@/, "AND false AND '{}'::text[] <@"),
  ],
  [
    "the sweeper does not raise the generation",
    replacing("generation = generation + 1", "generation = generation"),
  ],
  [
    "the sweeper starts nothing again",
    replacing("'processing') AND cancel_requested_at IS NULL\n", "'processing') AND false\n"),
  ],
  ["a pause is not obeyed", replacing("  scope = 'all'", "  scope = 'none'")],
  ["chunks are begun after a cancel", replacing("AND bulk_action.cancel_requested_at IS NULL", "")],
  ["what a cancel left over does not count for the status", replacing("OR tally.done < record_count", "")],
  ["the sweeper does not settle what is canceled", replacing("(cancel_requested_at IS NOT NULL", "(false")],
  [
    "a canceled bulk action ends while a chunk is under work",
    replacing("tally.unfinished = 0", "(tally.unfinished = 0 OR cancel_requested_at IS NOT NULL)"),
  ],
]);

/** The same, where rows go with the records of the host. */
export function mutantsOn(host: ModelHost): readonly (readonly [string, ModelHost, Variant])[] {
  const { keyType, stepsApart = "" } = host;
  // Rows that refuse would be torn off without any crash.
  const peaceful = { ...host, hasParts: false };
  return [
    [
      "records are changed in one transaction and their outcomes written in another",
      peaceful,
      inTwoTransactions(keyType),
    ],
    ["what goes with a record is changed in another transaction", peaceful, withStepsApart(stepsApart)],
    ["a row that a trigger keeps is not missed", host, replacing(COUNTS, "")],
    ["what protects a record does not keep it", host, replacing(PROTECTIONS, "")],
    ["records of other accounts are changed", host, replacing(ACCOUNT, "\n")],
  ];
}

const PROTECTIONS = /AND NOT EXISTS \(\s+SELECT FROM "(?:shop|public)"[\s\S]*?(?=\s+RETURNING)/;

const COUNTS = /AND CASE WHEN [\s\S]* ELSE bulk.refuse\('related rows kept'\) END/;

function replacing(from: string | RegExp, to: string): Variant {
  return (run) => (statement) => run(edit(statement, (piece) => piece.replace(from, to)));
}

function inTwoTransactions(keyType: KeyType): Variant {
  return (run) => async (statement) => {
    if (!isOfChunk(statement)) return await run(statement);
    const effect = edit(statement, (piece) =>
      piece.replace(/,\s+effected AS[\s\S]*/, "SELECT bulk_record_id::text FROM applied"),
    );
    const rows = await run<{ bulk_record_id: string }[]>(effect);
    const ids = rows.map((row) => `'${row.bulk_record_id.replaceAll("'", "''")}'`).join(", ");
    const applied = `applied AS (SELECT unnest(ARRAY[${ids}]::text[]::${keyType}[]) AS bulk_record_id), effected AS`;
    return await run(
      edit(statement, (piece) =>
        piece.replace(/changed AS \([\s\S]*?\),\s+effected AS/, applied).replace(COUNTS, ""),
      ),
    );
  };
}

function withStepsApart(steps: string): Variant {
  return (run) => async (statement) => {
    if (!isOfChunk(statement)) return await run(statement);
    const withoutSteps = edit(statement, (piece) =>
      piece.replace(/(WHERE bulk_is_applied\),)[\s\S]*?(effected AS)/, "$1 $2").replace(COUNTS, ""),
    );
    const answer = await run(withoutSteps);
    await run(written(steps));
    return answer as never;
  };
}

function isOfChunk({ text }: Sql): boolean {
  return text.includes("WITH claimed AS");
}

function edit(statement: Sql, change: (piece: string) => string): Sql {
  return sql(statement.strings.map(change), ...statement.values);
}
