import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { RequestError } from "@bulk/domain/errors/request-error";
import { runInSlices, type Slices } from "@bulk/service/timing/slices";
import type { IdempotencyKey } from "@bulk/store/bulk-actions/idempotency";
import { writeJson } from "@bulk/store/record-ids/write-json";
import { z } from "zod";

/** The request headers of an endpoint that creates something once. */
export const idempotencyHeaders = z.object({
  "Idempotency-Key": z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/)
    .optional()
    .meta({
      description:
        "A unique name for this request, such as a UUID: 1 to 255 printable ASCII characters. A second " +
        "request with the same key and body creates nothing. It returns the bulk action of the first " +
        "request in its current state, with `Idempotent-Replayed: true`. The same key with another body " +
        "gets 422. A key is kept as long as its bulk action.",
    }),
});

/**
 * Reads the key of a request, if it has one. Throws `malformed` for a malformed key.
 *
 * @param path the path of the endpoint; a key counts for one path
 * @param meaning the parsed request for `writeJson`, without order and white space of its body. Equal meanings must be
 *   equal JSON, in later releases too.
 */
export async function readIdempotencyKey(
  headers: IncomingHttpHeaders,
  path: string,
  meaning: object,
): Promise<IdempotencyKey | undefined> {
  const key = readKeyName(headers);
  return key === undefined ? undefined : { path, key, fingerprint: await runInSlices(digestJson(meaning)) };
}

/** Reads the name that the caller gives a request, if it does. Throws `malformed` for a malformed one. */
export function readKeyName(headers: IncomingHttpHeaders): string | undefined {
  const parsed = idempotencyHeaders.safeParse({ "Idempotency-Key": headers["idempotency-key"] });
  if (parsed.success) return parsed.data["Idempotency-Key"];
  const message = "Idempotency-Key must be 1 to 255 printable ASCII characters.";
  throw new RequestError("malformed", "idempotency_key.invalid", message);
}

function* digestJson(meaning: object): Slices<Uint8Array> {
  const hash = createHash("sha256");
  for (const piece of writeJson(meaning)) {
    hash.update(piece);
    yield;
  }
  return hash.digest();
}
