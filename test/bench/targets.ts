import type { Figure } from "./figures.ts";

/** The limit that a figure must meet, and the aim beyond it. */
export type Target = {
  readonly figure: string;
  readonly means: string;
  readonly bound: "at least" | "at most";
  readonly limit: number;
  readonly aim: number;
};

/** The targets of the service, with the queue on Redis unless said otherwise. */
export const TARGETS: readonly Target[] = [
  target("checkout_p95_ratio", "p95 of a checkout, beside a bulk action ÷ idle", "at most", 1.5, 1.25),
  target("checkout_p99_ratio", "p99 of a checkout, beside a bulk action ÷ idle", "at most", 1.5, 1.25),
  target("checkout_p95_ratio_most_ids", "the same p95 beside the most ids", "at most", 1.5, 1.25),
  target("checkout_p99_ratio_most_ids", "the same p99 beside the most ids", "at most", 1.5, 1.25),
  target("polite_speed_share", "deletion rate beside checkouts ÷ full speed", "at least", 0.15, 0.35),
  target("polite_after_seconds", "seconds from the first checkout to half of full speed", "at most", 2, 1),
  target("full_speed_after_seconds", "seconds from the last checkout to full speed", "at most", 2, 1),
  target("blocked_sessions", "checkouts that wait over 50 ms for a lock of ours", "at most", 0, 0),
  target("blocked_sessions_touching", "the same, of products under deletion", "at most", 0, 0),
  target("share_of_floor", "deletion rate with request and queue ÷ bare DELETE", "at least", 0.78, 0.88),
  target("share_of_floor_postgres_queue", "the same with the queue in PostgreSQL", "at least", 0.7, 0.8),
  target("keeping_share", "deletion rate with what a restore needs kept ÷ without", "at least", 0.8, 0.9),
  target("restore_share", "restored records per second ÷ deleted ones", "at least", 0.5, 0.8),
  target(
    "drop_growth",
    "time until an expired day is dropped for all, 1,000,000 records ÷ 1,000",
    "at most",
    2,
    1.2,
  ),
  target("versus_fastest_chunked_peer", "deletion rate ÷ fastest peer with chunks", "at least", 1.1, 1.25),
  target("versus_job_per_record", "deletion rate ÷ one BullMQ job per record", "at least", 10, 20),
  target("accept_share_of_bare", "accepting 1,000 ids ÷ a bare handler", "at least", 0.8, 0.9),
  target("accept_share_of_bare_10", "accepting ten ids ÷ a bare handler", "at least", 0.65, 0.8),
  target("accept_100k_seconds", "seconds to accept 100,000 ids in one POST", "at most", 1, 0.5),
  target("accept_100k_megabytes", "megabytes that this adds to an idle API", "at most", 150, 80),
  target("accept_1m_seconds", "seconds to accept 1,000,000 ids in one POST", "at most", 1.5, 0.6),
  target("accept_1m_megabytes", "megabytes that this adds to an idle API", "at most", 150, 80),
  target("etag_share", "304s per second, 100,000 ids ÷ 10 ids", "at least", 0.5, 0.9),
  target("small_beside_big_p95_ratio", "p95 of ten ids, beside a big action ÷ idle", "at most", 4, 3),
  target("time_per_id_growth", "time per id, most ids ÷ 10,000 ids", "at most", 1.3, 1.1),
  target("worker_memory_growth", "worker memory, most ids ÷ 10,000 ids", "at most", 1.2, 1),
];

function target(figure: string, means: string, bound: Target["bound"], limit: number, aim: number): Target {
  return { figure, means, bound, limit, aim };
}

/** Compares a figure with its target. */
export function judge(
  { bound, limit, aim }: Target,
  { median }: Figure,
): "aim reached" | "limit met" | "missed" {
  const isWithin = (value: number) => (bound === "at least" ? median >= value : median <= value);
  if (isWithin(aim)) return "aim reached";
  return isWithin(limit) ? "limit met" : "missed";
}
