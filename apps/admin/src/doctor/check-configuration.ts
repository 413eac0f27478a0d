import { describeMisspelling } from "@bulk/service/find-misspellings";
import type { ConfigFault } from "@bulk/service/read-config";
import { fault, type Observation, ok, warning } from "./finding.ts";
import type { Configuration } from "./read-configuration.ts";

/** What API, worker and commands would refuse at their start, and values that do not go together. */
export function checkConfiguration(
  configuration: Configuration,
  fileFaults: readonly ConfigFault[],
): readonly Observation[] {
  // Of its variable it has been told why it is missing.
  const told = new Set(fileFaults.map(({ variable }) => variable));
  const observations = [
    ...fileFaults.map(describeFileFault),
    ...configuration.faults.filter(({ variable }) => !told.has(`${variable}_FILE`)).map(describeFault),
    ...configuration.misspellings.map((misspelling) =>
      warning(describeMisspelling(misspelling), `Rename ${misspelling.variable}, or unset it.`),
    ),
    ...findTwinPorts(configuration),
    ...findUselessLockTimeout(configuration),
  ];
  return observations.length > 0 ? observations : [ok("API, worker and commands can use every variable.")];
}

function describeFileFault({ variable, message }: ConfigFault): Observation {
  return fault(`${variable} ${message}.`, `Let ${variable} name a file that the processes may read.`);
}

function describeFault({ variable, message, processes }: Configuration["faults"][number]): Observation {
  return fault(
    `${variable} ${message} (read by: ${processes.join(", ")}).`,
    `Correct ${variable}, or unset it for its default; .env.example says what it is.`,
  );
}

function findTwinPorts({ api }: Configuration): readonly Observation[] {
  if (api.PORT === 0 || api.PORT !== api.OPS_PORT) return [];
  return [fault(`PORT and OPS_PORT are both ${api.PORT}.`, "Give the API two ports of its own.")];
}

function findUselessLockTimeout({ worker }: Configuration): readonly Observation[] {
  const { LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } = worker;
  if (LOCK_TIMEOUT_MS < STATEMENT_TIMEOUT_MS) return [];
  return [
    warning(
      `LOCK_TIMEOUT_MS (${LOCK_TIMEOUT_MS}) is not below STATEMENT_TIMEOUT_MS (${STATEMENT_TIMEOUT_MS}): a chunk ` +
        "that waits for a locked row counts as too slow and is halved, instead of tried again later.",
      "Set LOCK_TIMEOUT_MS well below STATEMENT_TIMEOUT_MS; the defaults are 2000 and 15000.",
    ),
  ];
}
