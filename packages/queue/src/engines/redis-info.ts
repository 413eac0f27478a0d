/**
 * Parses the response to `INFO`: one `name:value` per line.
 * https://redis.io/docs/latest/commands/info/
 */
export function parseRedisInfo(info: string): ReadonlyMap<string, string> {
  const pairs = info.split(/\r?\n/).flatMap((line) => {
    const [, name, value] = /^([^#:]+):(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return new Map(pairs);
}
