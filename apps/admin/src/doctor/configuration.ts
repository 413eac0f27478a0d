import { createRegistry, type Registry } from "@bulk/actions/registry";
import { type ApiConfig, apiConfig } from "@bulk/api/config";
import { type LocalConfig, localConfig } from "@bulk/local/config";
import { RecordsError } from "@bulk/records/declaration/load-records";
import { openRecords } from "@bulk/records/open-records";
import {
  describeMisspelling,
  findMisspellings,
  type Misspelling,
} from "@bulk/service/config/find-misspellings";
import { type ConfigFault, findConfigFaults, readConfig } from "@bulk/service/config/read-config";
import { readSecretFiles } from "@bulk/service/config/secret-files";
import { type WorkerConfig, workerConfig } from "@bulk/worker/config";
import { fault, type Observation, ok, warning } from "./finding.ts";

/** What the processes read from their variables, and what they refuse. */
export type Configuration = {
  readonly faults: readonly (ConfigFault & { readonly processes: readonly string[] })[];
  readonly misspellings: readonly Misspelling[];
  /** Refused variables count as unset here, so that the rest can be checked. */
  readonly local: LocalConfig;
  readonly api: ApiConfig;
  readonly worker: WorkerConfig;
  /** The actions; without those of a file that is refused. */
  readonly registry: Registry;
};

/** Reads the variables as API, worker and commands do. Refused variables are listed, not thrown. */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  // Without DATABASE_URL `pnpm start` uses the embedded server, and passes its URL to API and worker.
  const given = { ...environment, DATABASE_URL: environment["DATABASE_URL"] || "postgres://embedded" };
  const faults = [
    ...findConfigFaults(apiConfig, given).map((fault) => ({ ...fault, process: "API" })),
    ...findConfigFaults(workerConfig, given).map((fault) => ({ ...fault, process: "worker" })),
    ...findConfigFaults(localConfig, environment).map((fault) => ({ ...fault, process: "commands" })),
  ];
  const refused = new Set(faults.map(({ variable }) => variable));
  const usable = Object.fromEntries(Object.entries(given).filter(([name]) => !refused.has(name)));
  const both = { DATABASE_URL: "postgres://refused", ...usable };
  const localUrl = environment["DATABASE_URL"] && both.DATABASE_URL;
  const records = readRecords(usable["RECORDS"] || undefined);
  return {
    faults: [...mergeByProcess(faults), ...records.faults],
    registry: records.registry,
    misspellings: findMisspellings(environment),
    local: readConfig(localConfig, { ...usable, DATABASE_URL: localUrl }),
    api: readConfig(apiConfig, both),
    worker: readConfig(workerConfig, both),
  };
}

function readRecords(path: string | undefined): Pick<Configuration, "faults" | "registry"> {
  try {
    return { faults: [], registry: openRecords(path).registry };
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error;
    const faults = error.faults.map(({ place, message }) => ({
      variable: place === "" ? "RECORDS" : `RECORDS: ${place}`,
      message,
      processes: ["API", "worker", "commands"],
    }));
    return { faults, registry: createRegistry([]) };
  }
}

// The same fault in several processes is reported once.
function mergeByProcess(
  faults: readonly (ConfigFault & { readonly process: string })[],
): Configuration["faults"] {
  const byFault = Map.groupBy(faults, ({ variable, message }) => `${variable} ${message}`);
  return [...byFault.values()].flatMap((same) =>
    same.slice(0, 1).map(({ process: _, ...fault }) => ({
      ...fault,
      processes: same.map(({ process }) => process),
    })),
  );
}

/** The variables with the content of secret files filled in. */
export type ExpandedVariables = {
  readonly environment: NodeJS.ProcessEnv;
  /** Files that cannot be used. */
  readonly faults: readonly ConfigFault[];
};

const NAMES = new Set([apiConfig, workerConfig, localConfig].flatMap(({ shape }) => Object.keys(shape)));

/** Replaces each `NAME_FILE` by the content of that file. An unreadable file yields a value that every schema rejects. */
export function expandFiles(environment: NodeJS.ProcessEnv): ExpandedVariables {
  const present = Object.entries(environment).filter(([, value]) => value !== "");
  const { values, faults } = readSecretFiles([...NAMES], Object.fromEntries(present));
  const others = present.filter(([name]) => !NAMES.has(name.replace(/_FILE$/, "")) || NAMES.has(name));
  const unreadable = Object.keys(faults).map((name) => [name, "(unreadable)"] as const);
  return {
    environment: { ...Object.fromEntries(others), ...values, ...Object.fromEntries(unreadable) },
    faults: Object.entries(faults).map(([name, message]) => ({ variable: `${name}_FILE`, message })),
  };
}

/** Variables that API, worker or commands refuse when they start, and values that do not fit together. */
export function checkConfiguration(
  configuration: Configuration,
  fileFaults: readonly ConfigFault[],
): readonly Observation[] {
  // A variable whose file is unreadable is reported by its file.
  const reported = new Set(fileFaults.map(({ variable }) => variable));
  const faults = configuration.faults.filter(({ variable }) => !reported.has(`${variable}_FILE`));
  const observations = [
    ...fileFaults.map(describeFileFault),
    ...faults.map(describeFault),
    ...configuration.misspellings.map((misspelling) =>
      warning(describeMisspelling(misspelling), `Rename ${misspelling.variable}, or unset it.`),
    ),
    ...checkPorts(configuration),
    ...checkTimeouts(configuration),
  ];
  return observations.length > 0 ? observations : [ok("API, worker and commands accept every variable.")];
}

function describeFileFault({ variable, message }: ConfigFault): Observation {
  return fault(
    `${variable} ${message}.`,
    `Set ${variable} to the path of a file that the processes can read.`,
  );
}

function describeFault({ variable, message, processes }: Configuration["faults"][number]): Observation {
  return fault(
    `${variable} ${message} (read by: ${processes.join(", ")}).`,
    `Correct ${variable}, or unset it to use its default; see .env.example.`,
  );
}

function checkPorts({ api }: Configuration): readonly Observation[] {
  if (api.PORT === 0 || api.PORT !== api.OPS_PORT) return [];
  return [fault(`PORT and OPS_PORT are both ${api.PORT}.`, "Set them to two different ports.")];
}

function checkTimeouts({ worker }: Configuration): readonly Observation[] {
  const { LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } = worker;
  if (LOCK_TIMEOUT_MS < STATEMENT_TIMEOUT_MS) return [];
  return [
    warning(
      `LOCK_TIMEOUT_MS (${LOCK_TIMEOUT_MS}) is not below STATEMENT_TIMEOUT_MS (${STATEMENT_TIMEOUT_MS}): a chunk ` +
        "that waits for a locked row counts as too slow and is halved, instead of being tried again later.",
      "Set LOCK_TIMEOUT_MS well below STATEMENT_TIMEOUT_MS; the defaults are 2000 and 15000.",
    ),
  ];
}
