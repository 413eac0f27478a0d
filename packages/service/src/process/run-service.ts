/** Something that runs until it is stopped. */
export type Service = {
  /** Shuts down gracefully within its own deadline. */
  stop(): Promise<void>;
  /** Rejects when the service cannot go on. */
  readonly failed?: Promise<never>;
};

/**
 * Runs a process: starts the service, waits for SIGTERM or SIGINT (in a child process with an IPC channel, also for the
 * end of the parent), stops it, and exits with 0. A second signal exits at once with 1. If the start fails, prints why
 * and exits with 1.
 */
export async function runService(start: () => Promise<Service>): Promise<void> {
  try {
    const stopSignal = nextStopSignal();
    const service = await start();
    process.send?.(READY);
    const failure = await Promise.race([stopSignal, service.failed ?? stopSignal]).catch(
      (error: unknown) => error,
    );
    nextStopSignal().then(() => process.exit(1));
    await service.stop();
    if (failure !== undefined) throw failure;
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

/** The message of a child process to its parent after its start. */
export const READY = "ready";

/** Returns the message of an error that has its own class, written for people; the stack of any other error. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return BUILT_IN_ERRORS.has(error.name) ? (error.stack ?? error.message) : error.message;
}

const BUILT_IN_ERRORS = new Set(["Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError"]);

function nextStopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of ["SIGTERM", "SIGINT", "disconnect"]) process.once(event, () => resolve());
  return promise;
}
