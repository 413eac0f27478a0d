import type { Logger } from "./logger.ts";
import type { Service } from "./run-service.ts";
import { findTracesUrl, type TracingConfig } from "./tracing-config.ts";

/**
 * Starts to send spans where the configuration says. Where it says nothing, nothing of OpenTelemetry's SDK is
 * even loaded, and spans cost next to nothing. A collector that is away costs spans, never work. `stop` sends what is
 * left, for three seconds at most.
 */
export async function startTracing(
  config: TracingConfig,
  serviceName: string,
  logger: Logger,
): Promise<Service> {
  const url = findTracesUrl(config);
  if (url === undefined) return { async stop() {} };
  const { exportSpans } = await import("./export-spans.ts");
  return exportSpans(config, url, serviceName, logger);
}

/** The service, whose last spans are sent when it has stopped. */
export function withTracing(service: Service, tracing: Service): Service {
  return {
    ...service,
    async stop() {
      await service.stop();
      await tracing.stop();
    },
  };
}
