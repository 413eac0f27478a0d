import { expect, test } from "vitest";
import { writeUrl } from "./write-url.ts";

test("ids are encoded, lists are repeated or separated by commas, and what is undefined is left out", () => {
  const query = { "ids[]": ["a", "b&c"], fields: ["id", "status"], page: 2, sort: undefined };
  expect(writeUrl("http://h/base", "/v1/things/{id}/records", { id: "../a?b" }, query)).toBe(
    "http://h/base/v1/things/..%2Fa%3Fb/records?ids%5B%5D=a&ids%5B%5D=b%26c&fields=id%2Cstatus&page=2",
  );
});

test.each(["", ".", ".."])("%j is no id", (id) => {
  expect(() => writeUrl("http://h", "/v1/things/{id}", { id })).toThrow(TypeError);
});
