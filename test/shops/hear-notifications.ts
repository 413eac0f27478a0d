import type pg from "pg";

/** A notification of the service, as whoever listens gets it. */
export type Heard = {
  readonly channel: string;
  readonly actionId: string;
  readonly actionType: string;
  readonly recordId: string;
};

type Payload = { readonly action_type: string; readonly bulk_action_id: string; readonly record_id: string };

/** The channels that declarations name, beside those of the shops' own triggers. */
export const CHANNELS = ["search_index", "Odd Channel", "x.y"] as const;

/** Does something, and returns what the channels got from transactions that committed meanwhile, in their order. */
export async function hearNotifications<Result>(
  client: pg.Client,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly heard: readonly Heard[] }> {
  const heard: Heard[] = [];
  const { promise: end, resolve } = Promise.withResolvers<void>();
  function listen({ channel, payload = "" }: pg.Notification): void {
    if (payload === END) resolve();
    else heard.push({ channel, ...readPayload(payload) });
  }
  client.on("notification", listen);
  try {
    for (const channel of CHANNELS) await client.query(`LISTEN "${channel}"`);
    const result = await work();
    // What is committed later is heard later.
    await client.query(`NOTIFY "${CHANNELS[0]}", '${END}'`);
    await end;
    return { result, heard };
  } finally {
    client.off("notification", listen);
    await client.query("UNLISTEN *");
  }
}

const END = "end";

function readPayload(payload: string): Omit<Heard, "channel"> {
  const { action_type, bulk_action_id, record_id } = JSON.parse(payload) as Payload;
  return { actionType: action_type, actionId: bulk_action_id, recordId: record_id };
}
