import { apiConfig } from "@bulk/api/config";
import { localConfig } from "@bulk/local/config";
import type { ConfigFault } from "@bulk/service/read-config";
import { readSecretFiles } from "@bulk/service/secret-files";
import { workerConfig } from "@bulk/worker/config";

/** The variables as if none came from a file. */
export type Expanded = {
  readonly environment: NodeJS.ProcessEnv;
  /** What is wrong with files. */
  readonly faults: readonly ConfigFault[];
};

const NAMES = new Set([apiConfig, workerConfig, localConfig].flatMap(({ shape }) => Object.keys(shape)));

/** Puts what files say in the place of the variables that name them; where one cannot be read, what nothing takes. */
export function expandFiles(environment: NodeJS.ProcessEnv): Expanded {
  const present = Object.entries(environment).filter(([, value]) => value !== "");
  const { values, faults } = readSecretFiles([...NAMES], Object.fromEntries(present));
  const others = present.filter(([name]) => !NAMES.has(name.replace(/_FILE$/, "")) || NAMES.has(name));
  const unreadable = Object.keys(faults).map((name) => [name, UNREADABLE] as const);
  return {
    environment: { ...Object.fromEntries(others), ...values, ...Object.fromEntries(unreadable) },
    faults: Object.entries(faults).map(([name, message]) => ({ variable: `${name}_FILE`, message })),
  };
}

const UNREADABLE = "(unreadable)";
