import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { guardLookup, TargetRefusedError } from "./guard-lookup.ts";
import { NameNotResolvedError, type ResolveName } from "./resolve-name.ts";
import { findTargetFault, type TargetPolicy } from "./target.ts";

export type WebhookRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Keep-alive connections to receivers. */
export type WebhookConnections = {
  readonly plain: HttpAgent;
  readonly secure: HttpsAgent;
  close(): void;
};

/**
 * Creates the pool without connecting. The addresses of a name are checked on connecting, so keep the pool for seconds,
 * not for hours.
 *
 * @param most maximum number of connections per receiver
 */
export function openConnections(most: number): WebhookConnections {
  const options = { keepAlive: true, maxSockets: most };
  const [plain, secure] = [new HttpAgent(options), new HttpsAgent(options)];
  return {
    plain,
    secure,
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

export type PostOptions = {
  readonly policy: TargetPolicy;
  /** Limit for the whole exchange, from name resolution to the end of the response. */
  readonly timeoutMs: number;
  readonly resolve: ResolveName;
  readonly connections: WebhookConnections;
};

/** Why there was no response. */
export type PostFault = "target_refused" | "dns_failed" | "timeout" | "connection_failed" | "invalid_answer";

/** The result of a request: a response with any status, or none. */
export type PostResult =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "unanswered"; readonly fault: PostFault };

/**
 * Posts JSON to a receiver's URL. Connects to no address that the policy forbids, follows no redirect, and discards the
 * response body. Always returns within the time-out and then closes the connection, whatever the receiver does.
 */
export async function postWebhook(target: WebhookRequest, options: PostOptions): Promise<PostResult> {
  // The policy may have changed since the URL was registered.
  if (findTargetFault(target.url, options.policy) !== undefined) return unanswered("target_refused");
  const endsAt = performance.now() + options.timeoutMs;
  const first = await exchange(target, options, options.timeoutMs);
  // The receiver may close a kept-alive connection at the moment it is used again.
  if (!first.isStale) return first.result;
  return (await exchange(target, options, Math.max(1, endsAt - performance.now()))).result;
}

type Exchange = {
  readonly result: PostResult;
  /** A reused connection broke before a response. */
  readonly isStale: boolean;
};

/** Maximum number of 1xx responses to one request. */
const MOST_INTERIM_ANSWERS = 20;

async function exchange(target: WebhookRequest, options: PostOptions, limitMs: number): Promise<Exchange> {
  const { promise, resolve: settle } = Promise.withResolvers<PostResult>();
  const sent = open(target, options);
  // A status, once received, is final.
  let answered: PostResult | undefined;
  const endAs = (fault: PostFault) => settle(answered ?? unanswered(fault));
  const timer = setTimeout(endAs, limitMs, "timeout");
  let interim = 0;
  sent.on("information", () => {
    interim += 1;
    if (interim > MOST_INTERIM_ANSWERS) endAs("invalid_answer");
  });
  sent.once("response", (answer) => {
    answered = { kind: "answered", status: answer.statusCode ?? 0 };
    discard(answer).finally(() => endAs("connection_failed"));
  });
  // 101. Without this listener Node closes the connection and only emits `close`.
  sent.once("upgrade", ({ statusCode = 0 }, socket) => {
    socket.on("error", ignore).destroy();
    settle({ kind: "answered", status: statusCode });
  });
  sent.on("error", (error) => endAs(nameFault(error)));
  sent.once("close", () => endAs("connection_failed"));
  const result = await promise;
  clearTimeout(timer);
  const isStale = sent.reusedSocket && result.kind === "unanswered" && result.fault === "connection_failed";
  // Has no effect on a connection that is back in the keep-alive pool.
  sent.destroy();
  return { result, isStale };
}

function open({ url, headers, body }: WebhookRequest, options: PostOptions): ClientRequest {
  const { policy, resolve, connections } = options;
  const request = {
    method: "POST",
    headers: { ...headers, "content-length": Buffer.byteLength(body) },
    lookup: guardLookup(policy, resolve),
    maxHeaderSize: 16 * 1024,
  };
  const sent = url.startsWith("https:")
    ? requestHttps(url, { ...request, agent: connections.secure })
    : requestHttp(url, { ...request, agent: connections.plain });
  return sent.end(body);
}

function ignore(): void {}

function unanswered(fault: PostFault): PostResult {
  return { kind: "unanswered", fault };
}

/** The response is read to its end, within these limits, so that the connection can be reused. */
const MOST_ANSWER_BYTES = 64 * 1024;
const MOST_ANSWER_MS = 1_000;

// A failure while reading the rest of a response does not change its status.
async function discard(answer: IncomingMessage): Promise<void> {
  const timer = setTimeout(() => answer.destroy(), MOST_ANSWER_MS);
  let size = 0;
  try {
    for await (const piece of answer) {
      size += piece.length;
      if (size > MOST_ANSWER_BYTES) break;
    }
  } catch {
  } finally {
    clearTimeout(timer);
  }
}

function nameFault(error: NodeJS.ErrnoException): PostFault {
  if (error instanceof TargetRefusedError) return "target_refused";
  if (error instanceof NameNotResolvedError) return "dns_failed";
  // Not HTTP: https://nodejs.org/api/http.html, llhttp's errors.
  return error.code?.startsWith("HPE_") ? "invalid_answer" : "connection_failed";
}
