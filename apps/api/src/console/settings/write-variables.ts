import type { ApiConfig } from "../../config.ts";

/**
 * Returns the environment for a child process with the configuration of this one, whether it came from variables, from
 * files or from whoever started it. It contains secrets.
 */
export function writeVariables(config: ApiConfig, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const written = Object.entries(config).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, writeValue(value)] as const],
  );
  // A variable that is set twice is refused.
  const files = new Set(written.map(([name]) => `${name}_FILE`));
  const others = Object.entries(environment).filter(([name]) => !files.has(name));
  return { ...Object.fromEntries(others), ...Object.fromEntries(written) };
}

function writeValue(value: NonNullable<ApiConfig[keyof ApiConfig]>): string {
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if ("requests" in value) return `${value.requests}/${value.seconds}`;
  return value
    .map((item) => (typeof item === "string" ? item : `${item.name}:${item.role}:${item.digest}`))
    .join(",");
}
