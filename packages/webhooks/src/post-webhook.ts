import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { guardLookup, type Resolve, TargetRefusedError } from "./guard-lookup.ts";
import { findTargetFault, type TargetPolicy } from "./target.ts";

export type WebhookRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type PostOptions = {
  readonly policy: TargetPolicy;
  /** For everything, from the name's resolution to the answer's end. */
  readonly timeoutMs: number;
  /** Instead of the system's resolver. */
  readonly resolve?: Resolve;
};

/** Why there was no answer. */
export type PostFault = "target_refused" | "timeout" | "connection_failed";

/** What became of a request: an answer of any status, or none. */
export type PostResult =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "unanswered"; readonly fault: PostFault };

/**
 * Posts JSON to somebody else's URL: never to an address the policy does not allow, never further than to the
 * first answer (no redirects), never waiting without end, and without keeping what is answered.
 */
export async function postWebhook(target: WebhookRequest, options: PostOptions): Promise<PostResult> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    const answer = await send(target, options, signal);
    await discard(answer);
    return { kind: "answered", status: answer.statusCode ?? 0 };
  } catch (error) {
    return { kind: "unanswered", fault: nameFault(error, signal) };
  }
}

function send(
  { url, headers, body }: WebhookRequest,
  { policy, resolve }: PostOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // The policy may have changed since the URL was registered.
  if (findTargetFault(url, policy) !== undefined) throw new TargetRefusedError("This URL is not allowed.");
  const { promise, resolve: settle, reject } = Promise.withResolvers<IncomingMessage>();
  const post = url.startsWith("https:") ? requestHttps : requestHttp;
  const sent: ClientRequest = post(url, {
    method: "POST",
    headers: { ...headers, "content-length": Buffer.byteLength(body) },
    // A connection of its own: what was checked is what is used.
    agent: false,
    lookup: guardLookup(policy, resolve),
    signal,
  });
  // Every error, also one after the answer: an event without a listener would end the process.
  sent.once("response", settle).on("error", reject);
  sent.end(body);
  return promise;
}

/** Read to its end so that the receiver sees its answer taken, but no further than this. */
const MOST_ANSWER_BYTES = 64 * 1024;

// What happens to the rest of an answer does not change its status.
async function discard(answer: IncomingMessage): Promise<void> {
  let size = 0;
  try {
    for await (const piece of answer) {
      size += piece.length;
      if (size > MOST_ANSWER_BYTES) break;
    }
  } catch {}
}

function nameFault(error: unknown, signal: AbortSignal): PostFault {
  if (error instanceof TargetRefusedError) return "target_refused";
  return signal.aborted ? "timeout" : "connection_failed";
}
