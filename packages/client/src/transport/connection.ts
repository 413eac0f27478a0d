import type { Parameter } from "./write-url.ts";

/** What the client needs of `fetch`. */
export type Fetch = (url: string, request: RequestInit) => Promise<Response>;

/** Where the API is, and how patient a client is. */
export type Connection = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string;
  readonly fetch: Fetch;
  /** How many times a request is sent again. */
  readonly maxRetries: number;
  /** How long a request may take until its answer begins. */
  readonly timeoutMs: number;
  /** A number from 0 to 1, to spread the retries of many clients. */
  readonly random: () => number;
};

/** A request for one operation of the API. */
export type Call<Url extends string = string> = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The path as the API's document has it. */
  readonly url: Url;
  readonly path?: Readonly<Record<string, Parameter>>;
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  /** Sent as it is, in place of a body. */
  readonly upload?: Upload;
  /** Whether it can be sent again although the first request may have been carried out. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** The content of a file or a stream. */
export type Upload = {
  readonly type: string;
  readonly content: Blob | ReadableStream<Uint8Array>;
};
