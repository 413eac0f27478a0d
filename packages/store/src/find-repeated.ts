/** What `findRepeated` found, and what it took. */
export type Repeats = {
  /** Indexes of the elements that repeat an earlier one. */
  readonly indexes: ReadonlySet<number>;
  /** Slots of the hash table that were looked at. */
  readonly probes: number;
};

/** Bytes that lie at the same distance from each other: element `i` has 16 bytes from `head + i * distance` on. */
export type Layout = { readonly head: number; readonly distance: number; readonly count: number };

/**
 * Finds elements of 16 bytes that repeat an earlier one, by a hash table of indexes with linear probing. Takes about 1.5
 * probes for each element, whatever the elements are: nobody who does not know `TABLES` can choose slow ones.
 */
export function findRepeated(bytes: Uint8Array, { head, distance, count }: Layout): Repeats {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 1))).fill(FREE);
  const indexes = new Set<number>();
  let probes = 0;
  for (let index = 0; index < count; index += 1) {
    const at = head + index * distance;
    let slot = hash(bytes, at) & (slots.length - 1);
    probes += 1;
    while (!isSettled(bytes, at, slots[slot])) {
      slot = (slot + 1) & (slots.length - 1);
      probes += 1;
    }
    if (slots[slot] === FREE) slots[slot] = at;
    else indexes.add(index);
  }
  return { indexes, probes };
}

const FREE = -1;

// The slot is free, or has the same element.
function isSettled(bytes: Uint8Array, at: number, other: number | undefined): boolean {
  if (other === undefined || other === FREE) return true;
  for (let byte = 0; byte < 16; byte += 1) {
    if (bytes[at + byte] !== bytes[other + byte]) return false;
  }
  return true;
}

/** For each of the 16 places 256 random words, of this process. */
const TABLES = crypto.getRandomValues(new Int32Array(16 * 256));

/*
 * Simple tabulation hashing. With linear probing every operation takes constant expected time for any elements that were
 * chosen without a look at the tables (Pătraşcu and Thorup, "The Power of Simple Tabulation Hashing", section 3:
 * https://arxiv.org/abs/1011.5200). Products with random factors are not enough: high bits of a factor's product depend on
 * high bits of the word alone, so ids that differ only there fall into a few slots.
 */
function hash(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let byte = 0; byte < 16; byte += 1) {
    sum ^= TABLES[(byte << 8) | (bytes[at + byte] ?? 0)] ?? 0;
  }
  return sum;
}
