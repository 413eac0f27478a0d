import { fetchDocumented } from "./documented.ts";
import { eventually } from "./eventually.ts";

/** The wire object of the base contract. */
export type WireAction = {
  readonly id: string;
  readonly object: string;
  readonly action_type: string;
  readonly record_ids: readonly string[];
  readonly skipped_record_ids: readonly string[];
  readonly status: string;
  readonly created_at: number;
  readonly updated_at: number;
};

/** A caller of the API over real HTTP. */
export type Client = {
  request(token: string, path: string, init?: RequestInit): Promise<Response>;
  /** Submits ids; throws unless the answer is 200. */
  submit(token: string, actionType: string, recordIds: readonly string[]): Promise<WireAction>;
  retrieve(token: string, id: string): Promise<WireAction>;
  /** Waits for the terminal status. */
  finished(token: string, id: string, timeoutMs?: number): Promise<WireAction>;
};

/** Its answers are held against the API's own document unless they are fetched otherwise. */
export function createClient(url: string, send: typeof fetchDocumented = fetchDocumented): Client {
  function request(token: string, path: string, init: RequestInit = {}): Promise<Response> {
    return send(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
  }
  async function retrieve(token: string, id: string, query = ""): Promise<WireAction> {
    return await readAction(await request(token, `/v1/bulk_actions/${id}${query}`));
  }
  return {
    request,
    retrieve: (token, id) => retrieve(token, id),
    async submit(token, actionType, recordIds) {
      const response = await request(token, "/v1/bulk_actions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ bulk_action: { action_type: actionType, record_ids: recordIds } }),
      });
      return await readAction(response);
    },
    finished(token, id, timeoutMs = 150_000) {
      return eventually(async () => {
        const { status } = await retrieve(token, id, "?fields=status");
        if (["pending", "processing"].includes(status)) throw new Error(`Still ${status}.`);
        return await retrieve(token, id);
      }, timeoutMs);
    },
  };
}

async function readAction(response: Response): Promise<WireAction> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as WireAction;
}
