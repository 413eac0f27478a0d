import type { TestService } from "./test-service.ts";

/** The secret of one more token of the account `test`, with these scopes alone. */
export async function mintToken(service: TestService, ...scopes: readonly string[]): Promise<string> {
  const { token } = await service.fillShop({});
  await service.database.query(
    "UPDATE bulk.api_tokens SET scopes = $1 WHERE digest = sha256(convert_to($2, 'UTF8'))",
    [scopes, token],
  );
  return token;
}
