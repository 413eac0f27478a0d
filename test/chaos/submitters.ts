import type { Tools } from "./arena.ts";
import type { Callers } from "./break-things.ts";
import type { ChaosClient } from "./client.ts";
import type { ChaosOptions, Notes } from "./notes.ts";
import { pause } from "./pause.ts";
import type { Submission } from "./recorded-run.ts";
import { drawSubmission, planActions } from "./workload.ts";

/** Callers who submit bulk actions, and cancel some of them. */
export function openSubmitters({ seed, seconds }: ChaosOptions, tools: Tools, { record }: Notes): Callers {
  return {
    begun: record.begun,
    async send(report, ending) {
      const startedAt = performance.now();
      const sent: Promise<void>[] = [];
      for (const action of planActions(seed, seconds, tools.shops.length)) {
        await pause(startedAt + action.atMs - performance.now(), ending);
        if (ending.aborted) break;
        const submission = drawSubmission(action, tools, action.atMs / (seconds * 1_000));
        sent.push(submit(submission, action.cancelAfterMs, tools.client, ending).catch(report));
      }
      await Promise.all(sent);
    },
  };
}

async function submit(
  submission: Submission,
  cancelAfterMs: number | undefined,
  client: ChaosClient,
  ending: AbortSignal,
): Promise<void> {
  const accepted = await client.submit(submission);
  if (accepted === undefined || cancelAfterMs === undefined) return;
  await pause(cancelAfterMs, ending);
  await client.cancel(accepted);
}
