/** Something that runs until it is told to stop. */
export type Service = {
  /** Ends in good order within its own deadline. */
  stop(): Promise<void>;
  /** Rejects when the service cannot go on. */
  readonly failed?: Promise<never>;
};

/**
 * Runs a process: starts the service, waits for SIGTERM or SIGINT (or, for a child with a channel to its
 * parent, for the parent's end), stops it, exits with 0. A second signal exits at once with 1. A start
 * that fails says why and exits with 1.
 */
export async function runService(start: () => Promise<Service>): Promise<void> {
  try {
    const told = nextTelling();
    const service = await start();
    process.send?.(READY);
    const failure = await Promise.race([told, service.failed ?? told]).catch((error: unknown) => error);
    nextTelling().then(() => process.exit(1));
    await service.stop();
    if (failure !== undefined) throw failure;
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

/** What a child process tells its parent once it has started. */
export const READY = "ready";

/** The message of an error that has a class of its own, written for people; the stack of any other. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return BUILT_IN_ERRORS.has(error.name) ? (error.stack ?? error.message) : error.message;
}

const BUILT_IN_ERRORS = new Set(["Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError"]);

function nextTelling(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of ["SIGTERM", "SIGINT", "disconnect"]) process.once(event, () => resolve());
  return promise;
}
