/** Sends to an API that is up: a GET, or a POST of this body. `undefined`: no answer came. */
export type Request = (
  accountId: string,
  path: string,
  body?: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer | undefined>;

type Answer = { readonly status: number; readonly text: string };

/** How often a caller sends what gets no answer, or a 503. */
export const ATTEMPTS = 6;
