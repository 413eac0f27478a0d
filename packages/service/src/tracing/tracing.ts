import { findTracesUrl, type TracingConfig } from "../config/tracing-config.ts";
import type { Logger } from "../process/logger.ts";
import type { Service } from "../process/run-service.ts";

/**
 * Starts sending spans to the configured collector. Without one, OpenTelemetry's SDK is not loaded and spans cost next to
 * nothing. If the collector is away, spans are lost and work continues. `stop` sends the remaining spans, for at most
 * three seconds.
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

/** Returns the service, with the last spans sent after its stop. */
export function withTracing(service: Service, tracing: Service): Service {
  return {
    ...service,
    async stop() {
      await service.stop();
      await tracing.stop();
    },
  };
}
