import { BulkActionsError, ConnectionError } from "../errors.ts";
import type { ApiError } from "../generated/types.gen.ts";
import { readText } from "./read-body.ts";

/** Returns what an answer that is no success says. */
export async function readRefusal(response: Response): Promise<BulkActionsError | ConnectionError> {
  const { status } = response;
  const retryAfterSeconds = readRetryAfter(response);
  const body = parseError(await readText(response));
  if (body !== undefined) return new BulkActionsError({ status, body, retryAfterSeconds });
  return new ConnectionError(`The answer ${status} is none of the API.`, { status, retryAfterSeconds });
}

/** Returns the seconds of `Retry-After`, which a proxy may also send as a date. */
export function readRetryAfter({ headers }: Response): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

function parseError(text: string): ApiError | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isApiError(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

// A proxy may answer in JSON of its own.
function isApiError(body: unknown): body is ApiError {
  return (
    typeof body === "object" &&
    body !== null &&
    ["code", "message", "request_id"].every((key) => typeof Reflect.get(body, key) === "string") &&
    Array.isArray(Reflect.get(body, "validation_errors"))
  );
}
