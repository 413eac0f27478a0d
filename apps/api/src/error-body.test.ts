import { RequestError, type RequestErrorKind } from "@bulk/domain/request-error";
import { expect, test } from "vitest";
import { errorAnswer, protocolAnswer } from "./error-body.ts";

test.each<[RequestErrorKind, number, string]>([
  ["malformed", 400, "bad_request"],
  ["unauthorized", 401, "unauthorized"],
  ["forbidden", 403, "forbidden"],
  ["not_found", 404, "not_found"],
  ["unsupported", 415, "unsupported_media_type"],
  ["invalid", 422, "unprocessable_entity"],
  ["unavailable", 503, "service_unavailable"],
])("a refusal as %s is a %i", (kind, status, name) => {
  const fault = {
    attribute: "a",
    type: "blank",
    code: "bulk_action.a.blank",
    options: {},
    message: "is blank",
  };
  expect(errorAnswer(new RequestError(kind, "bulk_action.wrong", "It is wrong.", [fault]))).toMatchObject({
    status,
    body: {
      http_status: name,
      type: "wrong",
      code: "bulk_action.wrong",
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
  expect(errorAnswer(error)).toEqual({
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
  expect(protocolAnswer(errorCode)).toMatchObject({ status, body: { code, validation_errors: [] } });
});
