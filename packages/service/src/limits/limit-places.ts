/** A number of places for each key, taken and given back. */
export type Places = {
  /** Whether all places of this key are taken. */
  isFull(key: string): boolean;
  /** Takes a place of this key. Returns false, and takes none, if all are taken. */
  enter(key: string): boolean;
  /** Gives a place of this key back. */
  leave(key: string): void;
};

/** Limits how many of one key run at once. Keeps only keys of which a place is taken. */
export function limitPlaces(most: number): Places {
  const taken = new Map<string, number>();
  const isFull = (key: string) => (taken.get(key) ?? 0) >= most;
  return {
    isFull,
    enter(key) {
      if (isFull(key)) return false;
      taken.set(key, (taken.get(key) ?? 0) + 1);
      return true;
    },
    leave(key) {
      const count = taken.get(key) ?? 0;
      if (count > 1) taken.set(key, count - 1);
      else taken.delete(key);
    },
  };
}
