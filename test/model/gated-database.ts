import type { Database, Queryable } from "@bulk/store/database";
import { type Sql, sql } from "@bulk/store/sql";
import type { Gate } from "./process.ts";

/** Runs one statement. */
export type Run = <Answer>(statement: Sql) => Promise<Answer>;

/** A way to change what the service says to the database. */
export type Variant = (run: Run) => Run;

/** The database as one process sees it: every statement, begin and commit waits at the gate. */
export function gateDatabase(database: Database, gate: Gate, variant: Variant): Database {
  const gated = {
    ...gateStatements(database, gate, variant),
    async $transaction<Answer>(work: (transaction: Queryable) => Promise<Answer>, options: object) {
      await gate.stand("begin a transaction");
      const answer = await database.$transaction(async (transaction) => {
        const result = await work(gateStatements(transaction, gate, variant));
        await gate.stand("commit");
        return result;
      }, options);
      gate.assertAlive();
      return answer;
    },
  };
  return new Proxy(database, {
    get: (target, property) => Reflect.get(property in gated ? gated : target, property),
  });
}

function gateStatements(queryable: Queryable, gate: Gate, variant: Variant): Queryable {
  function gated(run: Run): Run {
    return variant(async (statement) => {
      const intention = nameStatement(statement);
      // Nothing can come of what happens before or after these.
      if (intention !== TELLING && intention !== READING_FILTER) await gate.stand(intention);
      const answer = await run(statement);
      gate.assertAlive();
      return answer as never;
    });
  }
  const query = gated((statement) => queryable.$queryRaw(statement));
  const execute = gated(async (statement) => (await queryable.$executeRaw(statement)) as never);
  return {
    $queryRaw: (text: TemplateStringsArray | Sql, ...values: unknown[]) => query(flatten(text, values)),
    $executeRaw: (text: TemplateStringsArray | Sql, ...values: unknown[]) => execute(flatten(text, values)),
  } as Queryable;
}

function flatten(text: TemplateStringsArray | Sql, values: readonly unknown[]): Sql {
  return "raw" in text ? sql(text, ...values) : text;
}

function nameStatement({ strings }: Sql): string {
  const text = strings.join("?");
  return STATEMENTS.find(([pattern]) => pattern.test(text))?.[1] ?? text.trim();
}

/** It changes no row. */
const TELLING = "tell of the change";

/** Nobody changes it. */
const READING_FILTER = "read the filter";

const STATEMENTS: readonly (readonly [RegExp, string])[] = [
  [/INSERT INTO bulk.bulk_actions/, "write the bulk action"],
  [/SET status = 'processing'/, "mark the bulk action as processing"],
  [/explained AS/, "look again at what was left over"],
  [/WITH claimed[\s\S]*attempts = 0/, "claim a healthy chunk, delete and write outcomes"],
  [/WITH claimed/, "delete the slice's records and write outcomes"],
  [/FOR UPDATE OF chunk/, "lock a chunk for a careful try"],
  [/^SET LOCAL/, "lower a time-out"],
  [/^SAVEPOINT/, "set a savepoint"],
  [/^ROLLBACK TO/, "go back to the savepoint"],
  [/^SET CONSTRAINTS/, "check what was put off"],
  [/pg_locks/, "look for a locked table"],
  [/AS one FROM/, "look whether others were deleted"],
  [/UPDATE bulk.bulk_action_chunks SET/, "write the remedy on the chunk"],
  [/WITH tally/, "settle"],
  [/SET cancel_requested_at/, "note the cancel"],
  [/AS "isCanceled" FROM/, "look whether it is canceled"],
  [/WITH untouched/, "finish the chunks nobody has"],
  [/generation = generation[^,]*FROM bulk.pauses/, "end the lanes if it is paused"],
  [/generation = generation/, "raise the generation of what is lost"],
  [/UPDATE bulk.bulk_actions SET updated_at/, "note the activity"],
  [/pg_notify/, TELLING],
  [/SELECT filter FROM/, READING_FILTER],
  [/advisory/, "take the sweeper's lock"],
  [/AS now/, "read the clock"],
  [/DELETE FROM bulk.pauses/, "drop the pauses of what has ended"],
  [/NOT EXISTS/, "look for what is finished and open"],
  [/DELETE FROM bulk.bulk_actions/, "prune"],
  [/DELETE FROM bulk.journal/, "prune the journal"],
  [/DELETE FROM bulk.webhook_deliveries/, "prune the deliveries"],
];
