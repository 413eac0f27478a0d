import type pg from "pg";
import type { Tools } from "../arena.ts";
import type { Callers } from "../break-things.ts";
import type { ChaosOptions, Notes } from "../notes.ts";
import { pause } from "../pause.ts";
import type { AcceptedAction, Submission } from "../recorded-run.ts";
import type { Deletion } from "./deletions.ts";
import type { NewRestore } from "./restore-client.ts";
import { type PlannedRestore, planRestores } from "./restore-plan.ts";

/** Callers who take deletions back, each in its own way. What does not come back meanwhile is left to `restoreTheRest`. */
export function openRestorers(
  { seed, seconds }: Pick<ChaosOptions, "seed" | "seconds">,
  tools: Tools,
  { violations }: Notes,
  deletions: readonly Deletion[],
): Callers {
  const begun: Submission[] = [];
  return {
    begun,
    async send(report, ending) {
      const startedAt = performance.now();
      const sent: Promise<void>[] = [];
      for (const planned of planRestores(seed, seconds, deletions)) {
        await pause(startedAt + planned.atMs - performance.now(), ending);
        if (ending.aborted) break;
        begun.push(planned.deletion);
        sent.push(takeBack(planned, tools, violations, ending).catch(report));
      }
      await Promise.all(sent);
    },
  };
}

async function takeBack(
  { deletion, way }: PlannedRestore,
  { client, database }: Tools,
  violations: string[],
  ending: AbortSignal,
): Promise<void> {
  const { restore, ended } = createSteps();
  switch (way.kind) {
    case "whole":
      await restore({});
      return;
    case "in_parts": {
      const count = Math.ceil((deletion.recordIds.length * way.count) / 100);
      await restore({ recordIds: deletion.recordIds.slice(0, count) });
      await ended();
      await restore({ recordIds: deletion.recordIds.slice(count) });
      return;
    }
    case "keyed": {
      const [first, again] = [await restore({ key: way.key }), await restore({ key: way.key })];
      if (first !== undefined && again !== undefined && first.id !== again.id) {
        violations.push(`One key has restored ${deletion.id} twice: ${first.id} and ${again.id}.`);
      }
      return;
    }
    case "canceled": {
      const accepted = await restore({});
      await pause(way.afterMs, ending);
      if (accepted !== undefined) await client.cancel(accepted);
      await ended();
      await restore({});
    }
  }

  function createSteps() {
    return {
      ended: () => waitForRestores(database, deletion.id, ending),
      async restore(part: Partial<NewRestore>): Promise<AcceptedAction | undefined> {
        if (ending.aborted || part.recordIds?.length === 0) return undefined;
        const { accountId, id: parentId } = deletion;
        return await client.restore({ accountId, parentId, recordIds: undefined, key: undefined, ...part });
      },
    };
  }
}

// The database may be away.
async function waitForRestores(database: pg.Pool, parentId: string, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    const open = await database
      .query("SELECT FROM bulk.bulk_actions WHERE restore_of_id = $1 AND finished_at IS NULL", [parentId])
      .catch(() => undefined);
    if (open?.rows.length === 0) return;
    await pause(100, ending);
  }
}
