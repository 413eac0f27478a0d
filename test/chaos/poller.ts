import type pg from "pg";
import type { ChaosClient, ClientRecord } from "./client.ts";
import { pause } from "./pause.ts";
import type { Observation, TallyObservation } from "./recorded-run.ts";

/** What was seen of the actions while they ran. */
export type Sights = {
  readonly observations: Observation[];
  readonly tallies: TallyObservation[];
  /** Actions that were seen to have ended. */
  readonly ended: Set<string>;
};

const INTERVAL_MS = 300;

/** Looks at the actions through the list and at their chunks in the database until told to stop. */
export async function poll(
  client: ChaosClient,
  database: pg.Pool,
  record: ClientRecord,
  sights: Sights,
  ending: AbortSignal,
): Promise<void> {
  const shown = new Map<string, string>();
  for (let round = 0; !ending.aborted; round++) {
    await pause(INTERVAL_MS, ending);
    await observeActions(client, chooseActions(record, sights, round), sights, shown);
    await observeTallies(database, record, sights, shown).catch(() => undefined);
  }
}

const LARGEST_SIGHT = 60_000;

type Choice = ClientRecord["accepted"][number];

// Of one account at a time: all that is open, and a few that have ended, as long as the answer stays small.
function chooseActions(record: ClientRecord, sights: Sights, round: number): readonly Choice[] {
  const accounts = [...new Set(record.accepted.map((action) => action.accountId))];
  const own = record.accepted.filter((action) => action.accountId === accounts[round % accounts.length]);
  const open = own.filter((action) => !sights.ended.has(action.id));
  const closed = own.filter((action) => sights.ended.has(action.id));
  const turn = closed.length === 0 ? 0 : (round * 7) % closed.length;
  let room = LARGEST_SIGHT;
  return [...open, ...closed.slice(turn, turn + 10)].slice(0, 100).filter((action) => {
    room -= action.recordIds.length;
    return room > 0;
  });
}

async function observeActions(
  client: ChaosClient,
  actions: readonly Choice[],
  sights: Sights,
  shown: Map<string, string>,
): Promise<void> {
  const [first] = actions;
  if (first === undefined) return;
  const ids = actions.map((action) => action.id);
  for (const { id, status, skippedIds } of (await client.list(first.accountId, ids)) ?? []) {
    const observation = { id, status, skippedCount: skippedIds.length };
    if (isNews(shown, id, observation)) sights.observations.push(observation);
    if (!["pending", "processing"].includes(status)) sights.ended.add(id);
  }
}

async function observeTallies(
  database: pg.Pool,
  record: ClientRecord,
  { ended, tallies }: Sights,
  shown: Map<string, string>,
): Promise<void> {
  const open = record.accepted.filter((action) => !ended.has(action.id)).map((action) => action.id);
  const { rows } = await database.query<TallyObservation>(
    `SELECT bulk_action_id AS "bulkActionId", position, done_count AS done, deleted_count AS deleted,
            skipped_count AS skipped, failed_count AS failed
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = ANY ($1)`,
    [open],
  );
  for (const row of rows) {
    if (isNews(shown, `${row.bulkActionId} ${row.position}`, row)) tallies.push(row);
  }
}

function isNews(shown: Map<string, string>, key: string, sight: unknown): boolean {
  const text = JSON.stringify(sight);
  if (shown.get(key) === text) return false;
  shown.set(key, text);
  return true;
}
