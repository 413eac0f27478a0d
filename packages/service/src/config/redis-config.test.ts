import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigError, readConfig } from "./read-config.ts";
import { redisCheck, redisEnvironment, redisVariables } from "./redis-config.ts";

const schema = z.object(redisVariables).check(redisCheck());

describe("where Redis is", () => {
  test("servers are read as URLs, whichever way they are written", () => {
    expect(readConfig(schema, { REDIS_CLUSTER: "a:1, rediss://user:p%2Cw@b:2" })).toEqual({
      REDIS_CLUSTER: ["redis://a:1", "rediss://user:p%2Cw@b:2"],
    });
  });

  test.each([
    {},
    { REDIS_URL: "rediss://:secret@a:1/2" },
    { REDIS_URL: "redis://mymaster", REDIS_SENTINELS: "a:1,b:2" },
    { REDIS_CLUSTER: "a:1,b:2" },
  ])("%j means the same to a process it is handed on to", (variables) => {
    const config = readConfig(schema, variables);
    expect(readConfig(schema, redisEnvironment(config))).toEqual(config);
  });

  test.each([
    [{ REDIS_URL: "redis://a:1", REDIS_CLUSTER: "a:1" }, "REDIS_URL: cannot be set beside REDIS_CLUSTER"],
    [{ REDIS_SENTINELS: "a:1", REDIS_CLUSTER: "a:1" }, "REDIS_SENTINELS: cannot be set beside"],
    [{ REDIS_SENTINELS: "a:1" }, "REDIS_URL: must name the primary"],
    [{ REDIS_CLUSTER: "secret" }, "REDIS_CLUSTER: must be host:port"],
    [{ REDIS_CLUSTER: "a:1,,secret:2" }, "REDIS_CLUSTER: must be host:port"],
    [{ REDIS_CLUSTER: "http://secret:80" }, "REDIS_CLUSTER: must be host:port"],
  ])("%j is refused by name, never by value", (variables, expected) => {
    const fault = faultOf(variables);
    expect(fault).toContain(expected);
    expect(fault).not.toContain("secret");
  });

  test("what does not go together is told beside every other fault", () => {
    const stricter = schema.extend({ PORT: z.string() });
    expect(() => readConfig(stricter, { REDIS_SENTINELS: "a:1" })).toThrow(
      /PORT: must be set\n {2}REDIS_URL: must name/,
    );
  });
});

function faultOf(variables: NodeJS.ProcessEnv): string {
  try {
    readConfig(schema, variables);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "none";
}
