import type { Figure } from "./figures.ts";

/** What a figure must come to, and what it is meant to come to. */
export type Target = {
  readonly figure: string;
  readonly means: string;
  readonly bound: "at least" | "at most";
  readonly limit: number;
  readonly aim: number;
};

/** What the service was made fast for, queue on Redis. */
export const TARGETS: readonly Target[] = [
  target(
    "share_of_floor",
    "deleting, acceptance and queue included, beside the bare DELETE",
    "at least",
    0.7,
    0.85,
  ),
  target("versus_fastest_chunked_peer", "× the fastest peer that works by chunks", "at least", 1, 1.2),
  target("versus_job_per_record", "× one BullMQ job per record", "at least", 10, 20),
  target("accept_share_of_bare", "accepting 1,000 ids, beside a bare handler", "at least", 0.6, 0.8),
  target("accept_100k_seconds", "seconds to accept 100,000 ids in one POST", "at most", 1, 0.5),
  target("accept_100k_megabytes", "megabytes that takes over an idle API", "at most", 150, 80),
  target("etag_share", "304s of a 100,000-id action, beside a 10-id one", "at least", 0.5, 0.9),
  target("small_beside_big_p95_ratio", "× the idle p95 of ten ids, beside a big action", "at most", 10, 3),
  target("time_per_id_growth", "time per id, the most ids over 10,000", "at most", 1.3, 1.1),
  target("worker_memory_growth", "worker memory, the most ids over 10,000", "at most", 1.2, 1),
];

function target(figure: string, means: string, bound: Target["bound"], limit: number, aim: number): Target {
  return { figure, means, bound, limit, aim };
}

/** How a figure stands to its target. */
export function judge({ bound, limit, aim }: Target, { median }: Figure): "aim reached" | "held" | "missed" {
  const isWithin = (value: number) => (bound === "at least" ? median >= value : median <= value);
  if (isWithin(aim)) return "aim reached";
  return isWithin(limit) ? "held" : "missed";
}
