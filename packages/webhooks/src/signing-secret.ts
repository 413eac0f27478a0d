import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Returns a new secret of 256 random bits in the format of Standard Webhooks. */
export function createSigningSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/**
 * Encrypts a secret for the database (AES-256-GCM): nonce, tag, text.
 *
 * @param key 32 bytes
 * @param owner the id of the endpoint; the result cannot be decrypted for another
 */
export function sealSecret(secret: string, key: Uint8Array, owner: string): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(owner));
  const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), text]));
}

/** Decrypts a secret from `sealSecret`. Throws if key or owner differ or the bytes were changed. */
export function openSecret(sealed: Uint8Array, key: Uint8Array, owner: string): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(owner))
    .setAuthTag(tag);
  return (
    decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8")
  );
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
