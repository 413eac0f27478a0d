import type { Bench } from "./bench.ts";

/** An operator pauses everything; who is under way reads the switches only once, and may not have seen it. */
export async function pauseAll(bench: Bench): Promise<void> {
  if (bench.pausedBeside !== undefined) return;
  bench.story.push("everything is paused");
  await bench.engine.database.query(
    "INSERT INTO pauses (scope, subject, paused_by) VALUES ('all', '', 'test')",
  );
  bench.pausedBeside = bench.flights;
}

export async function resumeAll(bench: Bench): Promise<void> {
  if (bench.pausedBeside === undefined) return;
  bench.story.push("everything is resumed");
  await bench.engine.database.query("DELETE FROM pauses");
  bench.pausedBeside = undefined;
}
