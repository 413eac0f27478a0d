import { RequestError } from "@bulk/domain/errors/request-error";
import type { Request, Response } from "express";
import type { Submission } from "../../bulk-actions/submitting/submission.ts";
import { readBodyType } from "../../http/bodies/body-type.ts";
import { collectPieces } from "../../http/bodies/collect-pieces.ts";
import { type OneAtATime, runFor } from "../../http/bodies/one-at-a-time.ts";
import { mostBodyBytes } from "../../http/bodies/read-body.ts";
import { readBytes } from "../../http/bodies/read-bytes.ts";
import { openUpload, type Upload } from "../../http/bodies/upload.ts";
import { parseParameters } from "../../http/input/parameters.ts";
import type { MemoryClaim } from "../../http/memory/memory-budget.ts";
import {
  MEMORY_PER_BODY_BYTE,
  MEMORY_PER_RECORD,
  MEMORY_PER_REQUEST,
} from "../../http/memory/memory-costs.ts";
import { API_TIMEOUTS } from "../../http/server/api-server.ts";
import { limitArrival } from "../../http/server/arrival.ts";
import type { ConsoleContext } from "../context.ts";
import { type NewForm, readNewForm } from "./new-form.ts";

/** More parameters than the form has. */
const MOST_PARAMETERS = 50;

/** All pages together have the share of one account in the memory for requests. */
const CONSOLE = "the console";

/** Opens a claim on the memory for requests, until the response is closed. */
export function claimMemory({ budget }: Pick<ConsoleContext, "budget">, response: Response): MemoryClaim {
  const memory = budget.open(CONSOLE);
  response.once("close", () => memory.release());
  return memory;
}

export type SentForm = {
  readonly form: NewForm;
  readonly step: string;
  /** Runs what takes long for a long form. */
  readonly run: OneAtATime;
};

/** Reads the form of a request, which may be as long as the body of a bulk action. Throws `malformed` and `too_large`. */
export async function readSentForm(
  request: Request,
  memory: MemoryClaim,
  { api }: Pick<ConsoleContext, "api">,
): Promise<SentForm> {
  if (readBodyType(request, false) !== "form") throw notAForm();
  const pieces = collectPieces();
  await readBytes(request, {
    most: mostBodyBytes(api.config.MAX_RECORD_IDS),
    reserve: (bytes) => memory.raise(MEMORY_PER_REQUEST + MEMORY_PER_BODY_BYTE * bytes),
    take: pieces.add,
  });
  const bytes = pieces.concat();
  const run = runFor(bytes.length, api.oneAtATime);
  return await run(() => {
    const parameters = parseParameters(bytes.toString(), MOST_PARAMETERS);
    if (parameters === undefined) throw notAForm();
    return { form: readNewForm(parameters), step: new Map(parameters).get("step") ?? "", run };
  });
}

function notAForm(): RequestError {
  return new RequestError("malformed", "request.malformed", "This is not the form of the console.");
}

/** Node ends requests to this port after five minutes. */
const UPLOAD_MS = 290_000;

/** Opens the file of a request. One that comes too slowly is cut off. Throws `unsupported` for anything but a file of ids. */
export function openFile(request: Request, response: Response): Upload {
  const format = readBodyType(request, true);
  if (format !== "csv" && format !== "ndjson")
    throw new RequestError("unsupported", "request.unsupported_media_type", "Send a file of CSV or NDJSON.");
  limitArrival(request, { ...API_TIMEOUTS, uploadMs: UPLOAD_MS }, () => request.destroy());
  return openUpload(format, request, response);
}

/**
 * Returns the submission of an operator for this account. Idempotency keys of the console are no keys of callers.
 *
 * @param headers those of a submission that come with the request or from its form
 */
export function operatorSubmission(
  accountId: string,
  headers: Submission["headers"],
  memory: MemoryClaim,
): Submission {
  return {
    caller: { accountId, tokenId: undefined },
    ...{ headers, path: "/console/new" },
    reserve: (bytes) => memory.raise(MEMORY_PER_REQUEST + bytes),
    reserveRecords: (weight) => memory.raise(MEMORY_PER_REQUEST + weight * MEMORY_PER_RECORD),
  };
}
