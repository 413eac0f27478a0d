import type { Bench } from "./bench.ts";

/** Before this step: what an operator does then, if anything. */
export async function pauseOrResume(bench: Bench, step: number): Promise<void> {
  const { pause } = bench.scenario;
  if (pause?.from === step) await pauseAll(bench);
  if (pause !== undefined && pause.from + pause.steps === step) await resumeAll(bench);
}

// Who is under way reads the switches only once, and may not have seen it.
async function pauseAll(bench: Bench): Promise<void> {
  bench.story.push("everything is paused");
  await bench.engine.database.query(
    "INSERT INTO bulk.pauses (scope, subject, paused_by) VALUES ('all', '', 'test')",
  );
  bench.pausedBeside = bench.flights;
}

export async function resumeAll(bench: Bench): Promise<void> {
  if (bench.pausedBeside === undefined) return;
  bench.story.push("everything is resumed");
  await bench.engine.database.query("DELETE FROM bulk.pauses");
  bench.pausedBeside = undefined;
}
