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
    ["https://168.63.129.16/machine?comp=goalstate", "must lead to a public address"],
    ["https://2822734096/", "must lead to a public address"],
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
  // The special-purpose registries, https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-,
  // multicast, and what wraps an IPv4 address.
  test.each([
    ..."0.0.0.0 0.255.255.255 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.31.255.255".split(" "),
    ..."192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.170 192.0.2.1 192.31.196.1 192.88.99.1 192.52.193.9".split(
      " ",
    ),
    ..."192.168.1.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1".split(" "),
    ..."239.255.255.250 240.0.0.1 255.255.255.255".split(" "),
    ...":: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8".split(" "),
    ..."64:ff9b::10.0.0.1 64:ff9b:1::10.0.0.1 100::1 100:0:0:1::1 2001::1 2001:1::1 2001:1::3".split(" "),
    ..."2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:db8::1".split(" "),
    ..."2002:7f00:1:: 2002:a9fe:a9fe:: 2620:4f:8000::1 3fff::1 4000::1 5f00::1 fc00::1".split(" "),
    ..."fe80::1 fe80::1%eth0 fec0::1 ff02::1 2606:2800:220:1:0:5efe:127.0.0.1".split(" "),
    "2606:2800:220:1:200:5efe:10.0.0.1",
    "shop.example",
  ])("that is not public is refused: %s", (address) => {
    expect(isAllowedAddress(address, STRICT)).toBe(false);
  });

  test.each([
    ["Azure", "168.63.129.16"],
    ["Amazon", "169.254.169.254"],
    ["Amazon's containers", "169.254.170.2"],
    ["Amazon over IPv6", "fd00:ec2::254"],
    ["Google over IPv6", "fd20:ce::254"],
    ["Alibaba", "100.100.100.200"],
    ["Oracle", "192.0.0.192"],
    ["Tencent", "169.254.0.23"],
    ["IBM's name servers", "161.26.0.10"],
    ["IBM's service endpoints", "166.9.14.3"],
  ])("of a cloud provider's inner services is refused: %s", (_provider, address) => {
    expect(isAllowedAddress(address, STRICT)).toBe(false);
    expect(isAllowedAddress(address, AT_HOME)).toBe(false);
  });

  test("of this machine is refused, however public", () => {
    const policy = { allowsLoopback: false, refused: ["8.8.8.8", "2606:2800:220:1::1", "fe80::1%eth0"] };
    expect(isAllowedAddress("8.8.8.8", policy)).toBe(false);
    expect(isAllowedAddress("2606:2800:220:1:0:0:0:1", policy)).toBe(false);
    expect(isAllowedAddress("8.8.4.4", policy)).toBe(true);
  });

  test.each([
    ..."8.8.8.8 168.63.129.15 168.63.129.17 192.0.1.1 100.63.255.255 100.128.0.1".split(" "),
    ..."2606:2800:220:1::1 2620:fe::fe 2001:4860:4860::8888".split(" "),
  ])("that is public is not: %s", (address) => {
    expect(isAllowedAddress(address, STRICT)).toBe(true);
  });
});
