import { API_ERRORS } from "@bulk/domain/error-codes";
import { statusOf } from "./error-body.ts";

/** Every code that the API can send, as a table in Markdown, by status. */
export function describeErrors(): string {
  const rows = Object.entries(API_ERRORS)
    .map(([code, error]) => ({ ...error, code, status: statusOf(error.kind) }))
    .toSorted((one, other) => one.status - other.status)
    .map(({ status, code, meaning, remedy }) => `| ${status} | \`${code}\` | ${meaning} | ${remedy} |`);
  return ["| status | `code` | means | what to do |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
