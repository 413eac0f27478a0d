import { randomUUID } from "node:crypto";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Attack, Target } from "./attack.ts";
import { bearer, bulkAction, FORM, post } from "./requests.ts";
import { head, hold, repeat, send, sendAndReset, trickle } from "./weapons.ts";

const PREVIEW = "POST /v1/bulk_actions/preview";
const CREATE = "POST /v1/bulk_actions";

/** What anybody can send to API and ops ports, by its name; those of one kind are next to each other. */
export const API_ATTACKS: Readonly<Record<string, Attack>> = {
  // Sockets that are reset under the hands of the server.
  "tunnels that are reset": resetting("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
  "upgrades that are reset": resetting(
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
  ),
  "expectations that are reset": resetting("GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n"),
  "nonsense that is reset": resetting("\x16\x03\x01\x02\0\x01\0\x01\xfc\r\n\r\n"),
  "tunnels behind a request": resetting(
    `GET / HTTP/1.1\r\nHost: x\r\n\r\nCONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`,
  ),
  "requests cut at every byte": ({ apiUrl, opsUrls, token }, until) => {
    const body = JSON.stringify(bulkAction([randomUUID()]));
    const request = `${post(PREVIEW, token, body)}${body}`;
    return repeat(20, until, (round) =>
      sendAndReset(
        [apiUrl, ...opsUrls][round % 3] ?? apiUrl,
        request.slice(0, round % request.length),
        round % 2 === 0,
      ),
    );
  },

  // Forms and queries that cost more than their bytes.
  "names without a value": forms(() => "a&".repeat(800_000)),
  "broken percent-encodings": forms(() => "%ff=%zz&".repeat(200_000)),
  "indexes of ids": forms(() => "bulk_action[record_ids][99999999]=&".repeat(200_000)),
  "queries of many names": async ({ apiUrl, token }, until, answered) => {
    const queries = ["&a".repeat(30_000), "ids[]=&".repeat(8_000), "expand[]=%ff&".repeat(4_500)];
    await repeat(4, until, async (round) => {
      const line = `GET /v1/bulk_actions?${queries[round % queries.length]}`;
      answered(await send(apiUrl, [head(line, { ...bearer(token), connection: "close" })]));
    });
  },

  // JSON that costs more than its bytes.
  "deep arrays": json(() => "[".repeat(6_400_000) + "]".repeat(6_400_000)),
  "deep arrays among the ids": json(() => withIds("[".repeat(6_000_000) + "]".repeat(6_000_000))),
  "deep objects": json(() => `${'{"a":'.repeat(2_000_000)}1${"}".repeat(2_000_000)}`),
  "arrays that never end": json(() => "[".repeat(12_000_000)),
  "a million keys": json(() => `{${Array.from({ length: 1_300_000 }, (_, n) => `"${n}":0`).join()}}`),
  "a million keys in the envelope": json(
    () => `{"bulk_action":{${Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":0`).join()}}}`,
  ),
  "millions of values": json(() => withIds(`${"[],".repeat(4_000_000)}1`)),
  "wrong ids": json(() => withIds(`${'"x",'.repeat(300_000)}1`)),
  "one long number": json(() => "9".repeat(12_000_000)),
  "one long text": json(() => `"${"\\u0041".repeat(2_000_000)}"`),
  "wrong events of an endpoint": async ({ apiUrl, token }, until, answered) => {
    const body = JSON.stringify({ webhook_endpoint: { webhook_events: Array(8_000).fill("x") } });
    const request = [post("POST /v1/webhook_endpoints", token, body), body];
    await repeat(4, until, async () => answered(await send(apiUrl, request)));
  },
  "bodies where none is expected": async ({ apiUrl, token }, until, answered) => {
    const body = "[".repeat(12_000_000);
    const request = [post(`POST /v1/bulk_actions/${randomUUID()}/cancel`, token, body), body];
    await repeat(4, until, async () => answered(await send(apiUrl, request)));
  },

  // Compressed bodies.
  "gzip of zeros": json(() => "\0".repeat(12_000_000)),
  "gzip of 200 MB": compressed(() => gzipSync(Buffer.alloc(200_000_000)), "gzip"),
  "brotli of 200 MB": compressed(() => brotliCompressSync(Buffer.alloc(200_000_000)), "br"),
  "gzip without an end": compressed(() => gzipSync(Buffer.alloc(60_000)).subarray(0, -8), "gzip"),

  // Memory in flight.
  "140 compressed bodies": async ({ apiUrl, token }, until, answered) => {
    const body = gzipSync(JSON.stringify(bulkAction(randomIds(100_000))));
    const request = [post(PREVIEW, token, body, { "content-encoding": "gzip" }), body];
    await repeat(140, until, async () => answered(await send(apiUrl, request)));
  },
  "140 plain bodies": async ({ apiUrl, token }, until, answered) => {
    const body = JSON.stringify(bulkAction(randomIds(100_000)));
    await repeat(140, until, async () => answered(await send(apiUrl, [post(PREVIEW, token, body), body])));
  },
  "bodies of callers who leave": async ({ apiUrl, token }, until) => {
    const body = JSON.stringify(bulkAction(randomIds(100_000)));
    await repeat(40, until, () => sendAndReset(apiUrl, `${post(PREVIEW, token, body)}${body}`, false));
  },
  "140 bodies, a byte at a time": ({ apiUrl, token }, until) =>
    trickle(apiUrl, post(CREATE, token, { length: 12_000_000 }), 140, until),
  "140 bodies that are only announced": ({ apiUrl, token }, until) =>
    hold(apiUrl, post(CREATE, token, { length: 12_000_000 }, { expect: "100-continue" }), 140, until),
  "140 unread answers": ({ apiUrl, token, largeIds }, until) =>
    hold(apiUrl, retrieve(token, largeIds), 140, until),
  "140 answers, a byte at a time": ({ apiUrl, token, largeIds }, until) =>
    trickle(apiUrl, retrieve(token, largeIds), 140, until),
  "unread answers behind one another": ({ apiUrl, token, largeIds }, until) =>
    hold(apiUrl, retrieve(token, largeIds).repeat(30), 5, until),
  "140 unread lists": ({ apiUrl, token }, until) =>
    hold(apiUrl, head("GET /v1/bulk_actions?limit=100", bearer(token)), 140, until),
  "140 unread streams of records": ({ apiUrl, token, largeIds }, until) => {
    const line = `GET /v1/bulk_actions/${largeIds[0]}/records`;
    return hold(apiUrl, head(line, { ...bearer(token), accept: "application/x-ndjson" }), 140, until);
  },
  "140 unread cancels and retries": ({ apiUrl, token, largeIds }, until) => {
    const [id] = largeIds;
    const requests = ["cancel", "retry"].map((verb) =>
      head(`POST /v1/bulk_actions/${id}/${verb}`, bearer(token)),
    );
    return hold(apiUrl, requests.join(""), 140, until);
  },
  "400 unread references": ({ apiUrl }, until) =>
    hold(apiUrl, head("GET /openapi.json").repeat(4), 400, until),

  // Nobody's token.
  "140 bodies without a token": async ({ apiUrl }, until, answered) => {
    const body = JSON.stringify(bulkAction(randomIds(100_000)));
    await repeat(140, until, async () => answered(await send(apiUrl, [post(CREATE, "unknown", body), body])));
  },
  "1,000 headers without an end": ({ apiUrl }, until) =>
    hold(apiUrl, `GET / HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(10_000)}`, 1_000, until),
  "2,000 idle connections": ({ apiUrl }, until) => hold(apiUrl, "", 2_000, until),
  "headers that are hard to read": async ({ apiUrl, token, largeIds }, until, answered) => {
    const long = [
      { accept: `"${",".repeat(60_000)}` },
      { accept: "a/b;q=0.1,".repeat(6_000) },
      { "if-none-match": '"a",'.repeat(15_000) },
      { prefer: "wait=,".repeat(10_000) },
      { authorization: `Bearer${" ".repeat(60_000)}x y` },
      { cookie: "a=b;".repeat(15_000) },
      { "content-type": `application/json;${" ;".repeat(30_000)}`, "content-length": 0 },
      { traceparent: "0".repeat(60_000), tracestate: "a=b,".repeat(15_000), baggage: "a=b,".repeat(100) },
    ];
    await repeat(4, until, async (round) => {
      const headers = { ...bearer(token), ...long[round % long.length] };
      answered(await send(apiUrl, [head(`GET /v1/bulk_actions/${largeIds[0]}/records?limit=1`, headers)]));
    });
  },
  "chunks of one byte": async ({ apiUrl, token }, until, answered) => {
    const headers = { ...bearer(token), "content-type": "application/json", "transfer-encoding": "chunked" };
    const request = [head(PREVIEW, headers), `1;${"x".repeat(50)}\r\n[\r\n`.repeat(100_000), "0\r\n\r\n"];
    await repeat(4, until, async () => answered(await send(apiUrl, request)));
  },
  "operators' ports": async ({ opsUrls }, until) => {
    const login = head("POST /dashboard/login", { "content-type": FORM, "content-length": 1_000_000 });
    const requests = [
      login,
      `${login}${"a&".repeat(500_000)}`,
      head(`GET /${"a".repeat(60_000)}`),
      head("PUT /metrics"),
    ];
    await repeat(8, until, (round) =>
      sendAndReset(opsUrls[round % opsUrls.length] ?? "", requests[round % requests.length] ?? "", true),
    );
  },
};

/** Against all ports, half of the time after the beginning of an answer. */
function resetting(bytes: string): Attack {
  return ({ apiUrl, opsUrls }, until) => {
    const urls = [apiUrl, ...opsUrls];
    return repeat(10, until, (round) =>
      sendAndReset(urls[round % urls.length] ?? apiUrl, bytes, round % 2 === 0),
    );
  };
}

function forms(write: () => string): Attack {
  return compressed(() => gzipSync(write()), "gzip", FORM);
}

function json(write: () => string): Attack {
  return compressed(() => gzipSync(write()), "gzip");
}

function compressed(compress: () => Buffer, encoding: string, type = "application/json"): Attack {
  return async ({ apiUrl, token }, until, answered) => {
    const body = compress();
    const headers = { "content-encoding": encoding, "content-type": type };
    const paths = [PREVIEW, CREATE];
    await repeat(4, until, async (round) => {
      answered(await send(apiUrl, [post(paths[round % 2] ?? PREVIEW, token, body, headers), body]));
    });
  };
}

function retrieve(token: string, [id]: Target["largeIds"]): string {
  return head(`GET /v1/bulk_actions/${id}`, bearer(token));
}

function withIds(ids: string): string {
  return `{"bulk_action":{"action_type":"delete_products","record_ids":[${ids}]}}`;
}

function randomIds(count: number): readonly string[] {
  return Array.from({ length: count }, () => randomUUID());
}
