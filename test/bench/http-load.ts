import autocannon from "autocannon";

/** What a server did under load for some seconds. */
export type LoadResult = {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

type LoadOptions = Pick<
  autocannon.Options,
  "url" | "method" | "headers" | "body" | "connections" | "duration" | "amount"
>;

/**
 * Sends one request again and again on some connections; throws when any answer was not the expected one. A
 * machine so busy that nothing was answered in the time gets twice as much, up to a minute.
 */
export async function load(options: LoadOptions, expectedStatus: "2xx" | "3xx" = "2xx"): Promise<LoadResult> {
  const result = await autocannon({ timeout: 60, ...options });
  const total = result["1xx"] + result["2xx"] + result["3xx"] + result["4xx"] + result["5xx"];
  const { duration } = options;
  if (total === 0 && typeof duration === "number" && duration < 60) {
    return await load({ ...options, duration: duration * 2 }, expectedStatus);
  }
  if (result.errors > 0 || total === 0 || result[expectedStatus] !== total) {
    throw new Error(
      `Load on ${options.url}: ${total} answers, ${result.errors} errors, ${result.non2xx} without success.`,
    );
  }
  const { p50: p50Ms, p99: p99Ms } = result.latency;
  return { requestsPerSecond: total / result.duration, p50Ms, p99Ms };
}
