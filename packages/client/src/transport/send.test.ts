import { expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { send } from "./send.ts";

/** A connection whose answers come from this list, the last one for ever. */
function connectionTo(answers: readonly (() => Response)[]): Connection & { readonly sent: string[] } {
  const sent: string[] = [];
  return {
    ...{ url: "http://127.0.0.1", token: "t", maxRetries: 2, timeoutMs: 1_000, random: () => 0, sent },
    async fetch(_url, { method = "" }) {
      sent.push(method);
      const answer = answers[Math.min(sent.length, answers.length) - 1];
      if (answer === undefined) throw new Error("There is no answer.");
      return answer();
    },
  };
}

const call = { url: "/v1/bulk_actions", method: "POST" } as const;

function refuse(status: number, code: string, retryAfter = "0"): () => Response {
  const body = { code, message: "No.", validation_errors: [], request_id: "r" };
  return () => Response.json(body, { status, headers: { "retry-after": retryAfter } });
}

const succeed = () => Response.json({});

test.each([
  ["503 of the service", refuse(503, "service.unavailable"), true, 2],
  ["503 of the service, not repeatable", refuse(503, "service.unavailable"), false, 1],
  ["429, not repeatable", refuse(429, "rate_limit.exceeded"), false, 2],
  ["a key in use", refuse(409, "idempotency_key.in_progress"), true, 2],
  ["another conflict", refuse(409, "bulk_action.not_cancelable"), true, 1],
  ["a fault of the caller", refuse(422, "bulk_action.invalid"), true, 1],
  ["a wait of more than a minute", refuse(429, "rate_limit.exceeded", "61"), true, 1],
  ["a page of a proxy", () => new Response("<html>", { status: 502 }), true, 2],
  ["an error of a proxy in JSON", () => Response.json({ code: "x" }, { status: 404 }), true, 1],
])("after %s a request is sent as often as that is safe", async (_, answer, isRepeatable, times) => {
  const connection = connectionTo([answer, succeed]);
  const sending = send(connection, { ...call, isRepeatable });
  if (times === 1) await expect(sending).rejects.toThrow(/No\.|none of the API/);
  else expect((await sending).status).toBe(200);
  expect(connection.sent).toHaveLength(times);
});

test("a request is sent again only so often", async () => {
  const connection = connectionTo([refuse(503, "service.unavailable")]);
  await expect(send(connection, { ...call, isRepeatable: true })).rejects.toMatchObject({
    ...{ code: "service.unavailable", status: 503, retryAfterSeconds: 0, requestId: "r" },
  });
  expect(connection.sent).toHaveLength(3);
});
