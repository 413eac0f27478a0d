import { expect, test } from "vitest";
import { originForm } from "./origin-form.ts";

test.each([
  ["/v1/bulk_actions?ids[]=a", "/v1/bulk_actions?ids[]=a"],
  ["//v1", "//v1"],
  ["http://shop.test/v1/bulk_actions?limit=1", "/v1/bulk_actions?limit=1"],
  ["http://shop.test", "/"],
  ["*", "/*"],
  ["http://[/v1/bulk_actions", "/http://[/v1/bulk_actions"],
  ["http://shop.test:99999/v1", "/http://shop.test:99999/v1"],
  ["", "/"],
])("the target %j is the path %j", (target, path) => {
  expect(originForm(target)).toBe(path);
});
