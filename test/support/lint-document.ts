import { createConfig, lintFromString } from "@redocly/openapi-core";

/** What Redocly's linter has against an OpenAPI document, a line each. */
export async function lintDocument(document: object): Promise<readonly string[]> {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      "operation-description": "error",
      "parameter-description": "error",
      // A path of its own beside `{id}`, such as `/preview`, is on purpose: an id is never such a word.
      "no-ambiguous-paths": "off",
      // A tag is a kind of object, which its operations describe.
      "tag-description": "off",
    },
  });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  return problems.map(({ ruleId, message, location: [place] }) => `${ruleId}: ${place?.pointer} ${message}`);
}
