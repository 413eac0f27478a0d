import type pg from "pg";
import type { ChaosHost, Obstacle } from "../hosts/chaos-host.ts";

/** How many of the deleted records meet each obstacle, at most. */
const VICTIMS = 20;

/** Lets the shop keep some of the deleted records away; notes in `chaos.obstacles` which, and by the code of what. */
export async function obstruct(
  database: Pick<pg.ClientBase, "query">,
  { obstacles }: ChaosHost,
): Promise<void> {
  await database.query(NUMBERED);
  for (const [index, obstacle] of obstacles.entries()) {
    await database.query(oppose(obstacle), [obstacle.actionType, obstacle.code, index, obstacles.length]);
  }
}

const NUMBERED = `
  CREATE TABLE chaos.obstacles (action_type text, record_id text, account_id uuid, code text);
  CREATE TABLE chaos.numbered AS
    SELECT action_type, record_id, account_id,
      row_number() OVER (PARTITION BY action_type ORDER BY md5(record_id)) AS number
    FROM chaos.deletions;`;

function oppose({ create }: Obstacle): string {
  return `
    WITH victim AS (
      INSERT INTO chaos.obstacles
      SELECT action_type, record_id, account_id, $2 FROM chaos.numbered
      WHERE action_type = $1 AND number % $4 = $3 AND number <= ${VICTIMS} * $4
      RETURNING record_id, account_id)
    ${create}`;
}
