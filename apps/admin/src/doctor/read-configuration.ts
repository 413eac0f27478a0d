import { type ApiConfig, apiConfig } from "@bulk/api/config";
import { type LocalConfig, localConfig } from "@bulk/local/config";
import { findMisspellings, type Misspelling } from "@bulk/service/find-misspellings";
import { type ConfigFault, findConfigFaults, readConfig } from "@bulk/service/read-config";
import { type WorkerConfig, workerConfig } from "@bulk/worker/config";

/** What the processes would read, and what they would refuse. */
export type Configuration = {
  readonly faults: readonly (ConfigFault & { readonly processes: readonly string[] })[];
  readonly misspellings: readonly Misspelling[];
  /** A variable that is refused counts as unset here, so that the rest can be looked at. */
  readonly local: LocalConfig;
  readonly api: ApiConfig;
  readonly worker: WorkerConfig;
};

/** Reads the variables as API, worker and commands do, in one go and without giving up. */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  // Without it `pnpm start` uses the embedded server, and tells the two where it is.
  const given = { ...environment, DATABASE_URL: environment["DATABASE_URL"] || "postgres://embedded" };
  const faults = [
    ...findConfigFaults(apiConfig, given).map((fault) => ({ ...fault, process: "API" })),
    ...findConfigFaults(workerConfig, given).map((fault) => ({ ...fault, process: "worker" })),
    ...findConfigFaults(localConfig, environment).map((fault) => ({ ...fault, process: "commands" })),
  ];
  const refused = new Set(faults.map(({ variable }) => variable));
  const usable = Object.fromEntries(Object.entries(given).filter(([name]) => !refused.has(name)));
  const both = { DATABASE_URL: "postgres://refused", ...usable };
  return {
    faults: gather(faults),
    misspellings: findMisspellings(environment),
    local: readConfig(localConfig, {
      ...usable,
      DATABASE_URL: environment["DATABASE_URL"] && both.DATABASE_URL,
    }),
    api: readConfig(apiConfig, both),
    worker: readConfig(workerConfig, both),
  };
}

// Two processes that refuse the same variable for the same reason are one fault.
function gather(faults: readonly (ConfigFault & { readonly process: string })[]): Configuration["faults"] {
  const bySame = Map.groupBy(faults, ({ variable, message }) => `${variable} ${message}`);
  return [...bySame.values()].flatMap((same) =>
    same.slice(0, 1).map(({ variable, message }) => ({
      ...{ variable, message },
      processes: same.map(({ process }) => process),
    })),
  );
}
