import type { Registry } from "@bulk/actions/registry";
import { openRecords } from "@bulk/records/open-records";
import { readConfig } from "@bulk/service/config/read-config";
import { recordsConfig } from "@bulk/service/config/records-config";

/** Returns the actions of this installation. Throws `RecordsError` or `ConfigError`. */
export function knownActions(environment: NodeJS.ProcessEnv = process.env): Registry {
  return openRecords(readConfig(recordsConfig, environment).RECORDS).registry;
}
