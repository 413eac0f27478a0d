import { RequestError } from "@bulk/domain/errors/request-error";
import { type EnvelopeKey, PASSENGERS, passengersIn } from "./passengers.ts";
import { refuseUnknown } from "./unknown-names.ts";

/** The content of an envelope, with the caller's own keys. */
export type EnvelopeContent = Readonly<Record<string, unknown>>;

/**
 * Returns the object under the one key of a body, without passengers. Throws `malformed` if it is not an object, and
 * `invalid` if the body has other keys.
 */
export function openEnvelope(key: EnvelopeKey, body: unknown): EnvelopeContent {
  const content = isObject(body) && Object.hasOwn(body, key) ? body[key] : undefined;
  if (!isObject(body) || !isObject(content)) {
    const message = `The body must be an object with the key "${key}", whose value is an object.`;
    throw new RequestError("malformed", `${key}.missing`, message);
  }
  const beside = Object.keys(body).filter((name) => name !== key && !PASSENGERS.has(name));
  refuseUnknown(key, beside, "");
  const passengers = passengersIn(key);
  return Object.fromEntries(Object.entries(content).filter(([name]) => !passengers.has(name)));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
