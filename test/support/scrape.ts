/** A line of Prometheus' text format. */
export type Sample = { readonly name: string; readonly labels: string; readonly value: number };

/** What `/metrics` of an ops port tells. */
export async function scrape(opsUrl: string): Promise<readonly Sample[]> {
  const lines = await readLines(opsUrl);
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map(parseSample);
}

/** The names of all gauges, also of those that have no value now. */
export async function listGauges(opsUrl: string): Promise<readonly string[]> {
  const lines = await readLines(opsUrl);
  return lines.flatMap((line) => /^# TYPE ([\w:]+) gauge$/.exec(line)?.[1] ?? []);
}

async function readLines(opsUrl: string): Promise<readonly string[]> {
  const response = await fetch(`${opsUrl}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return text.split("\n");
}

function parseSample(line: string): Sample {
  const [, name, labels = "", value] = /^([\w:]+)(\{.*\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`This is no sample: ${line}`);
  return { name, labels, value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value) };
}
