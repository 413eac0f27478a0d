/** A line of Prometheus' text format. */
export type Sample = { readonly name: string; readonly labels: string; readonly value: number };

/** What `/metrics` of an ops port tells. */
export async function scrape(opsUrl: string): Promise<readonly Sample[]> {
  const response = await fetch(`${opsUrl}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(parseSample);
}

function parseSample(line: string): Sample {
  const [, name, labels = "", value] = /^([\w:]+)(\{.*\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`This is no sample: ${line}`);
  return { name, labels, value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value) };
}
