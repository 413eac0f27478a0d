import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";

/** A name server, over real UDP on loopback, that keeps its questions to itself until it is told to speak. */
export type MuteNameServer = AsyncDisposable & {
  /** As `resolv.conf` would have it, with the port. */
  readonly address: string;
  /** The names asked for so far, each once. */
  asked(): readonly string[];
  /** Answers everything that was and will be asked: there is no such name. */
  speak(): void;
};

/** Listens on a free port. */
export async function openMuteNameServer(): Promise<MuteNameServer> {
  const server = createSocket("udp4").bind(0, "127.0.0.1");
  await once(server, "listening");
  const names = new Set<string>();
  const unanswered: (readonly [query: Buffer, from: RemoteInfo])[] = [];
  let speaks = false;
  function answerAll(): void {
    for (const [query, from] of unanswered.splice(0)) server.send(refuse(query), from.port, from.address);
  }
  server.on("message", (query, from) => {
    names.add(readName(query));
    unanswered.push([query, from]);
    if (speaks) answerAll();
  });
  return {
    address: `127.0.0.1:${server.address().port}`,
    asked: () => [...names],
    speak() {
      speaks = true;
      answerAll();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

// RFC 1035, 4.1.2: labels, each after its length, from the end of the head on.
function readName(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; query[at]; at += 1 + (query[at] ?? 0))
    labels.push(query.toString("latin1", at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join(".").toLowerCase();
}

/** The question again, with no answer and the code of a name that does not exist; RFC 1035, 4.1.1. */
function refuse(query: Buffer): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const head = Buffer.from([0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([query.subarray(0, 2), head, query.subarray(12, questionEnd)]);
}
