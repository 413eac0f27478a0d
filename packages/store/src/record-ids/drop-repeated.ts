import type { Slices } from "@bulk/service/timing/slices";
import { elementEnd, HEAD_BYTES, LENGTH_BYTES } from "./id-array.ts";

/** The result of `dropRepeated`, and its cost. */
export type Distinct = {
  /** Number of elements that are left. */
  readonly count: number;
  /** Where the last of them ends. */
  readonly end: number;
  /** Number of slots of the hash table that were read. */
  readonly probes: number;
};

/** How many elements a slice looks at: about a millisecond. */
const SLICE = 4_096;

/**
 * Moves the elements of an array in PostgreSQL's binary format together, in their order, without those that repeat an
 * earlier one. Works in the place of the array: up to `end`, of `count` elements. Leaves the head as it is.
 *
 * Finds them by a hash table of positions with linear probing. Takes about 1.5 probes per element for any input: without
 * knowing `TABLES` a caller cannot choose slow ones.
 */
export function* dropRepeated(array: Uint8Array, end: number, count: number): Slices<Distinct> {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 1)));
  const search = { array, slots, until: end, from: HEAD_BYTES, to: HEAD_BYTES, count: 0, probes: 0 };
  for (takeSlice(search); search.from < end; takeSlice(search)) yield;
  return { count: search.count, end: search.to, probes: search.probes };
}

type Search = {
  readonly array: Uint8Array;
  /** Positions of distinct elements. */
  readonly slots: Int32Array;
  /** Where the elements end. */
  readonly until: number;
  /** Where the next element to look at begins. */
  from: number;
  /** Where the distinct ones end. */
  to: number;
  count: number;
  probes: number;
};

/** No element begins there. */
const FREE = 0;

function takeSlice(search: Search): void {
  const { array, slots, until } = search;
  let { from, to, count, probes } = search;
  for (let looked = 0; looked < SLICE && from < until; looked += 1) {
    const end = elementEnd(array, from);
    let slot = hash(array, from + LENGTH_BYTES, end) & (slots.length - 1);
    probes += 1;
    while (!isSettled(array, from, end, slots[slot] ?? FREE)) {
      slot = (slot + 1) & (slots.length - 1);
      probes += 1;
    }
    if (slots[slot] === FREE) {
      slots[slot] = to;
      if (to < from) array.copyWithin(to, from, end);
      to += end - from;
      count += 1;
    }
    from = end;
  }
  Object.assign(search, { from, to, count, probes });
}

// True if the slot is free or has the same element, which begins with its length.
function isSettled(array: Uint8Array, start: number, end: number, other: number): boolean {
  if (other === FREE) return true;
  for (let at = start, twin = other; at < end; at += 1, twin += 1) {
    if (array[at] !== array[twin]) return false;
  }
  return true;
}

/** How many bytes have tables of their own. */
const BLOCK = 16;

/** 256 random words for each of the 16 bytes of a block, then for each of the 4 of their sum; new in each process. */
const TABLES = crypto.getRandomValues(new Int32Array((BLOCK + 4) * 256));

/*
 * Tabulation hashing, twice. With linear probing every operation takes constant expected time for any elements that were
 * chosen without a look at the tables (Pătraşcu and Thorup, "The Power of Simple Tabulation Hashing", section 3:
 * https://arxiv.org/abs/1011.5200). Once is not enough: the sums of ids that differ in chosen bits only are often in a few
 * runs of slots, for up to 15 probes each. The second time spreads them (as in mixed tabulation, Dahlgaard et al., "Hashing
 * for Statistics over K-Partitions": https://arxiv.org/abs/1411.7191). Products with random factors are worse: high bits of
 * a factor's product depend on high bits of the word alone. In an element of several blocks, each is added to the spread
 * sum of those before it.
 */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let table = 0;
  for (let at = start; at < end; at += 1) {
    if (table === BLOCK) {
      sum = spread(sum);
      table = 0;
    }
    sum ^= word(table, bytes[at] ?? 0);
    table += 1;
  }
  return spread(sum);
}

function spread(sum: number): number {
  return (
    sum ^
    word(BLOCK, sum & 0xff) ^
    word(BLOCK + 1, (sum >>> 8) & 0xff) ^
    word(BLOCK + 2, (sum >>> 16) & 0xff) ^
    word(BLOCK + 3, sum >>> 24)
  );
}

function word(table: number, byte: number): number {
  return TABLES[(table << 8) | byte] ?? 0;
}
