/**
 * Caches the result of `run`, or its error, until `forMs` after its end. Calls during a run share its result.
 */
export function cacheFor<T>(
  forMs: number,
  run: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let result: Promise<T> | undefined;
  let endedAt: number | undefined;
  function noteEnd(): void {
    endedAt = now();
  }
  return () => {
    const isOld = endedAt !== undefined && now() - endedAt >= forMs;
    if (result === undefined || isOld) {
      endedAt = undefined;
      result = run();
      result.then(noteEnd, noteEnd);
    }
    return result;
  };
}
