import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createNameResolver, NameNotResolvedError } from "./resolve-name.ts";

const A = 1;
const AAAA = 28;

test("a name has the addresses of both families", async () => {
  await using server = await openNameServer({ [A]: [93, 184, 215, 14], [AAAA]: [0x26, 6, ...zeros(13), 1] });
  const resolve = createNameResolver({ servers: [server.address] });
  expect(await resolve("shop.example")).toEqual([
    { address: "93.184.215.14", family: 4 },
    { address: "2606::1", family: 6 },
  ]);
});

test("a name of one family is no failure", async () => {
  await using server = await openNameServer({ [AAAA]: [0x26, 6, ...zeros(13), 1] });
  const resolve = createNameResolver({ servers: [server.address] });
  expect(await resolve("shop.example")).toEqual([{ address: "2606::1", family: 6 }]);
});

test("names that nobody answers for do not keep another one waiting, and end in time", async () => {
  await using silent = await openNameServer("silent");
  await using server = await openNameServer({ [A]: [93, 184, 215, 14] });
  const silence = createNameResolver({ servers: [silent.address], limitMs: 3_000 });
  const ended: string[] = [];
  const waiting = Array.from({ length: 64 }, async (_, index) => {
    await expect(silence(`${index}.shop.example`)).rejects.toThrow(NameNotResolvedError);
    ended.push("silent");
  });
  await expect.poll(() => silent.asked(), { timeout: 20_000 }).toBeGreaterThanOrEqual(128);

  await createNameResolver({ servers: [server.address] })("shop.example");

  ended.push("answered");
  await Promise.all(waiting);
  expect(ended[0]).toBe("answered");
});

test("a failure is remembered for eight seconds, and a success is not", async () => {
  let now = 0;
  await using server = await openNameServer({});
  const resolve = createNameResolver({ servers: [server.address], now: () => now });
  await expect(resolve("gone.example")).rejects.toThrow(NameNotResolvedError);
  const asked = server.asked();
  await expect(resolve("gone.example")).rejects.toThrow(NameNotResolvedError);
  expect(server.asked()).toBe(asked);
  now = 8_000;
  await expect(resolve("gone.example")).rejects.toThrow(NameNotResolvedError);
  expect(server.asked()).toBeGreaterThan(asked);
});

test("names of the hosts file are asked of nobody, nor is localhost", async () => {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-hosts-"));
  await using server = await openNameServer("silent");
  const hostsFile = join(directory, "hosts");
  await writeFile(
    hostsFile,
    "# ours\n10.0.0.7\tShop.internal shop # 10.0.0.8 other\nfd00::7 shop.internal\n",
  );
  const resolve = createNameResolver({ servers: [server.address], hostsFile });
  expect(await resolve("shop.INTERNAL")).toEqual([
    { address: "10.0.0.7", family: 4 },
    { address: "fd00::7", family: 6 },
  ]);
  expect(await resolve("localhost")).toEqual([
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ]);
  expect(server.asked()).toBe(0);
  await rm(directory, { recursive: true });
});

function zeros(count: number): readonly number[] {
  return Array.from({ length: count }, () => 0);
}

/** Answers every question of a type with one address, or that there is none, or nothing at all. */
async function openNameServer(addresses: Readonly<Record<number, readonly number[]>> | "silent") {
  let asked = 0;
  const server = createSocket("udp4").bind(0, "127.0.0.1");
  await once(server, "listening");
  server.on("message", (query, from) => {
    asked += 1;
    if (addresses !== "silent") server.send(answer(query, addresses), from.port, from.address);
  });
  return {
    address: `127.0.0.1:${server.address().port}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

// RFC 1035, 4.1: the head, the question as it was asked, and an address for the name at offset 12.
function answer(query: Buffer, addresses: Readonly<Record<number, readonly number[]>>): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const type = query.readUInt16BE(end - 4);
  const address = addresses[type];
  const head = Buffer.from([0x81, 0x80, 0, 1, 0, address === undefined ? 0 : 1, 0, 0, 0, 0]);
  const found =
    address === undefined ? [] : [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, address.length, ...address];
  return Buffer.concat([query.subarray(0, 2), head, query.subarray(12, end), Buffer.from(found)]);
}
