import { expect, test } from "vitest";
import { describeTurnFailure } from "./turn-failure.ts";

const REST = "Nothing is lost: the sweeper restarts the lanes.";

/** As Prisma throws it. */
function refused(originalCode: string): Error {
  const error = new Error("Raw query failed. Key (email)=(ann@example.com) already exists.");
  error.name = "PrismaClientKnownRequestError";
  return Object.assign(error, { meta: { driverAdapterError: { cause: { originalCode } } } });
}

test.each<[string, Error, string]>([
  [
    "a lost connection",
    refused("57P01"),
    "The database was away, too busy, or ended the connection (SQLSTATE 57P01).",
  ],
  [
    "a missing table",
    refused("42P01"),
    "The database refused the work (SQLSTATE 42P01); the worker's log says why.",
  ],
  ["an unknown class", new TypeError("ann@example.com"), "The worker's log says why."],
  [
    "our own words",
    new Error("This worker knows no action a; upgrade it."),
    "This worker knows no action a; upgrade it.",
  ],
  ["a password", new Error("no redis://me:secret@host here"), "no redis://…@host here"],
])("the reason of a failed turn has no secrets, records or paths: %s", (_what, error, expected) => {
  const failure = describeTurnFailure(error);
  expect(failure.message).toBe(`${expected} ${REST}`);
  expect(failure.stack).toBe(`${expected}\n${REST}`);
});
