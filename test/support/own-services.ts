import { apiConfig } from "@bulk/api/config";
import { localConfig } from "@bulk/local/config";
import { ConfigError, readConfig } from "@bulk/service/config/read-config";
import { workerConfig } from "@bulk/worker/config";

/** Our own processes in containers: what each reads, and under which name the port its health is asked on. */
export const OURS = {
  api: { schema: apiConfig, opsPort: "OPS_PORT" },
  worker: { schema: workerConfig, opsPort: "WORKER_OPS_PORT" },
  migrate: { schema: localConfig, opsPort: undefined },
  grants: { schema: localConfig, opsPort: undefined },
} as const;

export type Ours = keyof typeof OURS;

export type Variables = Readonly<Record<string, string>>;

/** The secrets there are, each with one of its kind. */
export const SECRETS: Variables = {
  DATABASE_URL: "postgres://user:password@host/database",
  REDIS_URL: "redis://:password@host",
  WEBHOOK_SECRET_KEY: Buffer.alloc(32).toString("base64"),
};

/** The variables as the process sees them once it has read its files: each secret with a sound value. */
export function readFiles(variables: Variables): Variables {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      const secret = name.replace(/_FILE$/, "");
      return name !== secret && secret in SECRETS ? [secret, SECRETS[secret] ?? ""] : [name, value];
    }),
  );
}

/** What a process would not know or would refuse of its variables. */
export function findVariableFaults(variables: Variables, name: Ours): readonly string[] {
  const read = readFiles(variables);
  const known = Object.keys(OURS[name].schema.shape);
  return [
    ...Object.keys(read)
      .filter((variable) => !known.includes(variable))
      .map((variable) => `${variable} is unknown`),
    ...Object.keys(SECRETS)
      .filter((secret) => variables[secret] && variables[`${secret}_FILE`])
      .map((secret) => `${secret} is set twice`),
    ...findRefusal(read, name),
  ];
}

function findRefusal(variables: Variables, name: Ours): readonly string[] {
  try {
    readConfig(OURS[name].schema, variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
}
