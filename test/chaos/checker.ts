import type pg from "pg";
import { DELETION_CHECKS } from "./check-deletions.ts";
import { findHistoryViolations } from "./check-history.ts";
import { OUTCOME_CHECKS } from "./check-outcomes.ts";
import { REQUEST_CHECKS } from "./check-requests.ts";
import { prepareEvidence } from "./evidence.ts";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import type { RecordedRun } from "./recorded-run.ts";

/** How many violations of one kind are spelled out. */
const SPELLED_OUT = 10;

/**
 * Holds a run against the database it ran on (in which `installWatch` kept a diary) and answers every
 * broken promise as one sentence. Knows the tables and the contract, none of the service's code.
 *
 * The service must be at rest. Leaves only temporary tables, in the schema `pg_temp` of this connection.
 */
export async function checkRun(
  client: pg.ClientBase,
  run: RecordedRun,
  host: ChaosHost,
): Promise<readonly string[]> {
  await prepareEvidence(client, run, host);
  const violations: string[] = [];
  for (const check of [...REQUEST_CHECKS, ...OUTCOME_CHECKS, ...DELETION_CHECKS, ...host.checks]) {
    violations.push(...(await findViolations(client, check)));
  }
  return [...violations, ...findHistoryViolations(run)];
}

// A check is a query that answers one column, `sentence`, with one row for each violation.
async function findViolations(client: pg.ClientBase, check: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ sentence: string; total: number }>(
    `SELECT sentence, count(*) OVER ()::int AS total FROM (${check}) AS violation LIMIT ${SPELLED_OUT}`,
  );
  const [first] = rows;
  const hidden = (first?.total ?? 0) - rows.length;
  const sentences = rows.map((row) => row.sentence);
  return hidden > 0 ? [...sentences, `… and ${hidden} more like the one before.`] : sentences;
}
