import { describeFormat } from "@bulk/records/declaration/json-schema";
import { expect, test } from "vitest";
import { readText } from "../support/repository.ts";

/*
 * To write it anew:
 * node -e 'import("@bulk/records/declaration/json-schema").then((m) => console.log(JSON.stringify(m.describeFormat())))' \
 *   > ../docs/records.schema.json && npx biome check --write ../docs/records.schema.json   (in test/)
 */
test("docs/records.schema.json is the format that the service reads", () => {
  expect(JSON.parse(readText("docs/records.schema.json"))).toEqual(
    JSON.parse(JSON.stringify(describeFormat())),
  );
});
