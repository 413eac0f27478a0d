import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** The format of `digestPassword`: salt and key in base64url. */
export const PASSWORD_DIGEST = /^[\w-]{22}\.[\w-]{43}$/;

/**
 * Returns a salted scrypt digest of a password, different each time. It has no character that is special to a shell or
 * to docker compose.
 */
export async function digestPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await deriveKey(password, salt);
  return `${salt.toString("base64url")}.${key.toString("base64url")}`;
}

/** Returns whether the digest is of this password, in constant time. */
export async function isPasswordOf(digest: string, password: string): Promise<boolean> {
  const [salt = "", key = ""] = digest.split(".");
  const derived = await deriveKey(password, Buffer.from(salt, "base64url"));
  const expected = Buffer.from(key, "base64url");
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}

// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 16 MiB, five rounds.
const COST: ScryptOptions = { N: 2 ** 14, r: 8, p: 5 };

function deriveKey(password: string, salt: Uint8Array): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(password.normalize("NFKC"), salt, 32, COST, (error, key) => {
    if (error) reject(error);
    else resolve(key);
  });
  return promise;
}
