/** A stream of numbers that is the same for the same seed on every machine. */
export type Random = {
  /** At least 0, less than 1. */
  next(): number;
  /** Both bounds included. */
  integer(least: number, most: number): number;
  /** Evenly spread over the orders of magnitude; both bounds included. */
  logUniform(least: number, most: number): number;
  /** Throws on an empty list. */
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): readonly T[];
  uuid(): string;
};

/** Mulberry32: small, fast and good enough to choose what to break. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  function integer(least: number, most: number): number {
    return least + Math.floor(next() * (most - least + 1));
  }
  function pick<T>(items: readonly T[]): T {
    const item = items[integer(0, items.length - 1)];
    if (item === undefined) throw new Error("There is nothing to pick from.");
    return item;
  }
  return {
    next,
    integer,
    pick,
    logUniform: (least, most) =>
      Math.min(most, Math.floor(least * Math.exp(next() * Math.log((most + 1) / least)))),
    shuffle: (items) =>
      items
        .map((item) => ({ item, rank: next() }))
        .sort((one, other) => one.rank - other.rank)
        .map(({ item }) => item),
    uuid: () => formatUuid(Array.from({ length: 16 }, () => integer(0, 255))),
  };
}

function formatUuid(bytes: readonly number[]): string {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
