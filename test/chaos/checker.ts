import type pg from "pg";
import { DELETION_CHECKS } from "./check-deletions.ts";
import { findHistoryViolations } from "./check-history.ts";
import { OUTCOME_CHECKS } from "./check-outcomes.ts";
import { REASON_CHECKS } from "./check-reasons.ts";
import { REQUEST_CHECKS } from "./check-requests.ts";
import { prepareEvidence } from "./evidence.ts";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { LEDGER_CHECKS } from "./restoring/check-ledger.ts";
import { RESTORE_CHECKS } from "./restoring/check-restores.ts";
import { prepareRestoreEvidence } from "./restoring/restore-evidence.ts";

/** How many violations of one kind are spelled out. */
const SPELLED_OUT = 10;

/**
 * Holds a run against the database it ran on (in which `installWatch` kept a diary) and answers every
 * broken promise of the deletions as one sentence. Knows the tables and the contract, none of the service's code.
 *
 * The service must be at rest. Leaves only temporary tables, in the schema `pg_temp` of this connection.
 */
export async function checkRun(
  client: pg.ClientBase,
  run: RecordedRun,
  host: ChaosHost,
): Promise<readonly string[]> {
  await prepareEvidence(client, run, host);
  return [
    ...(await findAll(client, [
      ...[...REQUEST_CHECKS, ...OUTCOME_CHECKS, ...REASON_CHECKS, ...DELETION_CHECKS, ...host.checks],
    ])),
    ...findHistoryViolations(run),
  ];
}

/** The same of a run that has restored what it had deleted, and in which the shop has put obstacles in the way of some. */
export async function checkRestores(
  client: pg.ClientBase,
  run: RecordedRun,
  host: ChaosHost,
): Promise<readonly string[]> {
  await prepareEvidence(client, run, host);
  await prepareRestoreEvidence(client);
  return [
    ...(await findAll(client, [
      ...[...REQUEST_CHECKS, ...OUTCOME_CHECKS, ...RESTORE_CHECKS, ...LEDGER_CHECKS],
    ])),
    ...findHistoryViolations(run),
  ];
}

async function findAll(client: pg.ClientBase, checks: readonly string[]): Promise<readonly string[]> {
  const violations: string[] = [];
  for (const check of checks) violations.push(...(await findViolations(client, check)));
  return violations;
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
