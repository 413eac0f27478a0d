/** Runs work after all earlier work for the same key has ended. Returns or throws what the work does. */
export type OneByOne = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>;

/** Creates a queue that runs one piece of work per key at a time. Different keys run in parallel. */
export function createOneByOne(): OneByOne {
  const last = new Map<string, Promise<void>>();
  return (key, work) => {
    const worked = (last.get(key) ?? Promise.resolve()).then(work);
    const ended = worked
      .catch(() => undefined)
      .then(() => {
        if (last.get(key) === ended) last.delete(key);
      });
    last.set(key, ended);
    return worked;
  };
}
