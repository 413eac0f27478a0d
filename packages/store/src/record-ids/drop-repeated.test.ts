import { randomBytes } from "node:crypto";
import { runAtOnce } from "@bulk/service/timing/slices";
import { expect, test } from "vitest";
import { dropRepeated } from "./drop-repeated.ts";

const COUNT = 30_000;

const [HEAD, LENGTH] = [Buffer.alloc(20), Buffer.of(0, 0, 0, 16)];

/** Puts the bits of a number at these places of an element, counted from the front; all other bits are 0. */
function place(number: number, places: readonly number[]): Uint8Array {
  const element = new Uint8Array(16);
  for (const [bit, at] of places.entries()) {
    if ((number >> bit) & 1) element[at >> 3] = (element[at >> 3] ?? 0) | (0x80 >> (at & 7));
  }
  return element;
}

/** The places of these bits of each of the four words. */
function ofEachWord(bits: readonly number[]): readonly number[] {
  return [0, 32, 64, 96].flatMap((word) => bits.map((bit) => word + bit));
}

test.each([
  ["the top five bits of each little-endian word", ofEachWord([24, 25, 26, 27, 28])],
  ["the top five bits of each big-endian word", ofEachWord([0, 1, 2, 3, 4])],
  ["the bottom five bits of each big-endian word", ofEachWord([27, 28, 29, 30, 31])],
  [
    "the top and bottom bits of each byte of the first words",
    [...Array(8).keys()].flatMap((byte) => [8 * byte, 8 * byte + 7, 8 * byte + 3]),
  ],
  ["the bits of one word", [...Array(32).keys()].toReversed()],
  ["the last bits", [...Array(20).keys()].map((bit) => 127 - bit)],
  [
    "the same bit of every byte, and a few more",
    [...[...Array(16).keys()].map((byte) => 8 * byte), 1, 2, 3, 4],
  ],
])("ids that differ only in %s take as few probes as random ones", (_, places) => {
  expect(countProbes((index) => place(index, places))).toBeLessThan(3 * COUNT);
});

test("random ids take one or two probes each", () => {
  expect(countProbes(() => randomBytes(16))).toBeLessThan(2 * COUNT);
});

function countProbes(write: (index: number) => Uint8Array): number {
  const elements = Array.from({ length: COUNT }, (_, index) => Buffer.concat([LENGTH, write(index)]));
  const array = Buffer.concat([HEAD, ...elements]);
  const { count, end, probes } = runAtOnce(dropRepeated(array, array.length, COUNT));
  expect([count, end]).toEqual([COUNT, array.length]);
  return probes;
}
