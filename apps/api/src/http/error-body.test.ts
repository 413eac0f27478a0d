import type { FailureKind } from "@bulk/domain/errors/error-codes";
import { RequestError } from "@bulk/domain/errors/request-error";
import { expect, test } from "vitest";
import { errorResponse, protocolErrorResponse, statusOf } from "./error-body.ts";

test.each<[FailureKind, number]>([
  ["malformed", 400],
  ["unauthorized", 401],
  ["forbidden", 403],
  ["not_found", 404],
  ["unsupported", 415],
  ["invalid", 422],
  ["unavailable", 503],
])("a failure as %s is a %i", (kind, status) => {
  expect(statusOf(kind)).toBe(status);
});

test("a refusal has the words and the faults it was made with", () => {
  const fault = {
    attribute: "a",
    type: "blank",
    code: "bulk_action.a.blank",
    options: {},
    message: "is blank",
  };
  const refusal = new RequestError("invalid", "bulk_action.invalid", "It is wrong.", [fault]);
  expect(errorResponse(refusal)).toMatchObject({
    status: 422,
    body: {
      http_status: "unprocessable_entity",
      type: "invalid",
      code: "bulk_action.invalid",
      message: "It is wrong.",
      validation_errors: [fault],
    },
  });
});

test.each([
  new Error("password is s3cret"),
  new RangeError("deep"),
  "thrown text",
  undefined,
  { status: 400 },
])("whatever is not meant for callers is a bare 500: %s", (error) => {
  expect(errorResponse(error)).toEqual({
    status: 500,
    headers: {},
    body: {
      http_status: "internal_server_error",
      type: "internal_error",
      code: "service.internal_error",
      message: "Something went wrong on our side.",
      validation_errors: [],
    },
  });
});

test.each([
  ["ERR_HTTP_REQUEST_TIMEOUT", 408, "request.timeout"],
  ["HPE_HEADER_OVERFLOW", 431, "request.headers_too_large"],
  ["HPE_INVALID_METHOD", 400, "request.malformed"],
  [undefined, 400, "request.malformed"],
])("bytes refused with %s are answered with %i", (errorCode, status, code) => {
  expect(protocolErrorResponse(errorCode)).toMatchObject({ status, body: { code, validation_errors: [] } });
});
