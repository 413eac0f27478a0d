import { describe, expect, test } from "vitest";
import { findTargetFault, isAllowedAddress } from "./target.ts";

const STRICT = { allowsLoopback: false };
const AT_HOME = { allowsLoopback: true };

describe("a webhook's URL", () => {
  test.each([
    "https://shop.example/hooks?token=a",
    "https://shop.example:8443/",
    "https://93.184.216.34/",
    "https://[2606:2800:220:1::1]/",
  ])("may be %s", (url) => {
    expect(findTargetFault(url, STRICT)).toBeUndefined();
  });

  test.each([
    ["shop.example", "must be an absolute URL"],
    ["http://shop.example/", "must start with https://"],
    ["ftp://shop.example/", "must start with https://"],
    ["https://user:secret@shop.example/", "must not carry credentials"],
    ["https://shop.example:25/", "must use the default port or one from 1024 on"],
    ["https://localhost/", "must lead to a public address"],
    ["https://LOCALHOST./", "must lead to a public address"],
    ["https://a.localhost/", "must lead to a public address"],
    ["https://redis:6379/", "must lead to a public address"],
    ["https://printer.local/", "must lead to a public address"],
    ["https://metadata.google.internal/", "must lead to a public address"],
    ["https://127.0.0.1/", "must lead to a public address"],
    ["https://2130706433/", "must lead to a public address"],
    ["https://0x7f.1/", "must lead to a public address"],
    ["https://169.254.169.254/latest/meta-data", "must lead to a public address"],
    ["https://[::1]/", "must lead to a public address"],
    ["https://[::ffff:10.0.0.1]/", "must lead to a public address"],
  ])("may not be %s", (url, fault) => {
    expect(findTargetFault(url, STRICT)).toBe(fault);
  });

  test("may be plain HTTP to this machine in development, and still nobody else's network", () => {
    expect(findTargetFault("http://127.0.0.1:4000/", AT_HOME)).toBeUndefined();
    expect(findTargetFault("http://localhost:4000/", AT_HOME)).toBeUndefined();
    expect(findTargetFault("http://10.0.0.1:4000/", AT_HOME)).toBe("must lead to a public address");
  });
});

describe("an address", () => {
  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::10.0.0.1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "shop.example",
  ])("that is not public is refused: %s", (address) => {
    expect(isAllowedAddress(address, STRICT)).toBe(false);
  });

  test.each(["8.8.8.8", "2606:2800:220:1::1"])("that is public is not: %s", (address) => {
    expect(isAllowedAddress(address, STRICT)).toBe(true);
  });
});
