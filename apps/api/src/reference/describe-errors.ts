import { API_ERRORS } from "@bulk/domain/errors/error-codes";
import { statusOf } from "../http/error-body.ts";

/** Returns a Markdown table of every error code of the API, ordered by status. */
export function describeErrors(): string {
  const rows = Object.entries(API_ERRORS)
    .map(([code, error]) => ({ ...error, code, status: statusOf(error.kind) }))
    .toSorted((one, other) => one.status - other.status)
    .map(({ status, code, meaning, remedy }) => `| ${status} | \`${code}\` | ${meaning} | ${remedy} |`);
  return ["| status | `code` | meaning | what to do |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
