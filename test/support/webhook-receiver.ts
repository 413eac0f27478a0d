import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { closeServer, listen } from "@bulk/service/process/listen";
import { eventually } from "./eventually.ts";

/** A webhook as it arrived. */
export type ReceivedWebhook = {
  readonly headers: IncomingHttpHeaders;
  /** Byte for byte. */
  readonly body: string;
};

/** Somebody's server that webhooks are sent to, over real HTTP on loopback. */
export type WebhookReceiver = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** In the order of arrival. */
  readonly received: readonly ReceivedWebhook[];
  /** Waits until so many have arrived; answers them. */
  has(count: number): Promise<readonly ReceivedWebhook[]>;
};

/** Listens; each request is answered by `answer`, by default with 204. */
export async function openWebhookReceiver(
  answer: RequestListener = (_request, response) => void response.writeHead(204).end(),
): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      received.push({ headers: request.headers, body });
      answer(request, response);
    });
  });
  const port = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    port,
    received,
    has(count) {
      return eventually(() => {
        if (received.length < count) throw new Error(`${received.length} of ${count} webhooks arrived.`);
        return received;
      });
    },
    async [Symbol.asyncDispose]() {
      await closeServer(server, 0);
    },
  };
}
