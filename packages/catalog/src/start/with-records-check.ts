import type { Service } from "@bulk/service/process/run-service";
import type { RecordsCheck } from "./start-records-check.ts";

/** Returns the service, which fails when the check does, and stops it as well. */
export function withRecordsCheck(service: Service, check: RecordsCheck): Service {
  return {
    failed: service.failed === undefined ? check.failed : Promise.race([service.failed, check.failed]),
    async stop() {
      await check.stop();
      await service.stop();
    },
  };
}
